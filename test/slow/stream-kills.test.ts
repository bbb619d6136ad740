import { killed } from '../streams/kills';

/** `KILLS`: how many. */
const KILLS = Number(process.env['KILLS'] ?? 200);

test(
  `${KILLS} kills at any moment lose nothing and count nothing twice`,
  () => killed(KILLS),
  60_000 + KILLS * 10_000,
);
