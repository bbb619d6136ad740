/** A member of the group as it comes to a rebalance. */
export interface Candidate {
  readonly id: string;
  /** The generation of the group in which it had `owned`. */
  readonly generation: number;
  readonly owned: readonly number[];
}

/**
 * Shares `partitions` (0 to that) among members: as evenly as can be, and within that each keeps what it had, because its
 * state is in memory there. Where two say that they have the same one, the later generation has it.
 */
export function assign(members: readonly Candidate[], partitions: number): Map<string, number[]> {
  const shares = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  if (members.length === 0) return shares;
  const owner = new Map<number, Candidate>();
  for (const member of members) {
    for (const partition of member.owned) {
      if (partition >= partitions) continue;
      const other = owner.get(partition);
      if (other === undefined || other.generation < member.generation) owner.set(partition, member);
    }
  }
  const held = members.map(({ id }) => ({
    id,
    keeps: [...owner].filter(([, { id: by }]) => by === id).map(([partition]) => partition),
  }));
  // Who has most comes first: the places above the even share go to those who fill them.
  held.sort((a, b) => b.keeps.length - a.keeps.length || (a.id < b.id ? -1 : 1));
  const even = Math.floor(partitions / members.length);
  const above = partitions % members.length;
  const taken = new Set<number>();
  held.forEach(({ id, keeps }, place) => {
    const share = keeps.sort((a, b) => a - b).slice(0, even + (place < above ? 1 : 0));
    for (const partition of share) taken.add(partition);
    shares.set(id, share);
  });
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((p) => !taken.has(p));
  held.forEach(({ id }, place) => {
    const share = shares.get(id) ?? [];
    share.push(...free.splice(0, even + (place < above ? 1 : 0) - share.length));
  });
  return shares;
}

/** What a member had, as the bytes that go with its wish to join. */
export const ownership = (generation: number, owned: readonly number[]): Buffer =>
  Buffer.from(JSON.stringify({ generation, owned }));

/** Reads it; a member that says nothing of use had nothing. */
export function readOwnership(id: string, bytes: Buffer | string | undefined): Candidate {
  try {
    const { generation, owned } = JSON.parse(String(bytes)) as { generation: unknown; owned: unknown };
    if (
      Number.isInteger(generation) &&
      Array.isArray(owned) &&
      owned.every((p) => Number.isInteger(p) && Number(p) >= 0)
    ) {
      return { id, generation: Number(generation), owned: owned.map(Number) };
    }
  } catch {
    // A member of another kind.
  }
  return { id, generation: -1, owned: [] };
}
