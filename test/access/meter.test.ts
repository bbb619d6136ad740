import { Meter, partyOf } from '../../src/adapters/access/meter.js';

beforeEach(() => jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => jest.useRealTimers());

test('counts units by name for a minute from the first on', async () => {
  const meter = await Meter.open();
  expect(await meter.add('a', 2)).toEqual({ used: 2, resetMs: 60_000 });
  jest.advanceTimersByTime(20_000);
  expect(await meter.add('a', 3)).toEqual({ used: 5, resetMs: 40_000 });
  expect(await meter.add('b', 1)).toEqual({ used: 1, resetMs: 60_000 });
  await meter.remove('a', 3);
  expect((await meter.add('a', 0)).used).toBe(2);
  jest.advanceTimersByTime(40_000);
  expect(await meter.add('a', 1)).toEqual({ used: 1, resetMs: 60_000 });
});

test.each([-365 * 86_400_000, -3_600_000, -1000, 1000, 3_600_000, 365 * 86_400_000])(
  'a clock that steps by %i ms keeps nobody out for more than a minute',
  async (step) => {
    const meter = await Meter.open();
    await meter.add('a', 100);
    jest.setSystemTime(Date.now() + step);
    const { resetMs } = await meter.add('a', 1);
    expect(resetMs).toBeGreaterThanOrEqual(0);
    expect(resetMs).toBeLessThanOrEqual(60_000);
    jest.advanceTimersByTime(60_000);
    expect((await meter.add('a', 1)).used).toBe(1);
  },
);

test('many names take the room of some thousands, and those that are counted stay so', async () => {
  const meter = await Meter.open();
  await meter.add('first', 7);
  const slots = new Set<string>();
  for (let i = 0; i < 50_000; i++) {
    const { used } = await meter.add(`name ${i}`, 1);
    if (used > 1) slots.add(`name ${i}`);
  }
  // Beyond 10,000 they share 256 places, whose counts are of all that share them.
  expect(slots.size).toBeGreaterThanOrEqual(50_000 - 10_000 - 256);
  expect((await meter.add('first', 1)).used).toBe(8);
  expect(jest.getTimerCount()).toBeLessThanOrEqual(10_000 + 256);
  jest.advanceTimersByTime(61_000);
  expect(jest.getTimerCount()).toBe(0);
  expect((await meter.add('name 49999', 1)).used).toBe(1);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, party) => {
  expect(partyOf(address)).toBe(party);
});
