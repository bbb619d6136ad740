import { killed } from './kills';

/** More of them in test/slow. */
const KILLS = 3;

test('kills at any moment lose nothing and count nothing twice', () => killed(KILLS), 60_000);
