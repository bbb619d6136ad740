/** Strings of a column, each once, in first-seen order; their bytes stay where they are. */

import { allocate, seed } from './frame';

/** Where a dictionary has what; all 0 is an empty one. */
const BUCKETS: usize = 0;
const BUCKETS_MASK: usize = 4;
const ENTRIES: usize = 8;
const ENTRY_COUNT: usize = 12;
const ENTRY_ROOM: usize = 16;
export const DICTIONARY_BYTES: usize = 20;

/** An entry: pointer, length, hash, and whether it holds lone surrogates. */
const ENTRY_BYTES: usize = 16;

/** 64 bits mixed into 32 by what no client knows, so that nobody can send keys that all collide. */
export function hashOf(text: usize, length: u32): u32 {
  let hash = seed ^ (<u64>length * 0xff51_afd7_ed55_8ccd);
  let left = length;
  while (left >= 8) {
    hash = (hash ^ load<u64>(text)) * 0x9ddf_ea08_eb38_2d69;
    hash ^= hash >> 29;
    text += 8;
    left -= 8;
  }
  if (left > 0) {
    const tail = load<u64>(text) & ((<u64>1 << <u64>(left << 3)) - 1);
    hash = (hash ^ tail) * 0x9ddf_ea08_eb38_2d69;
    hash ^= hash >> 29;
  }
  hash *= 0xc4ce_b9fe_1a85_ec53;
  return <u32>(hash >> 32);
}

export function same(a: usize, b: usize, length: u32): bool {
  let left = length;
  while (left >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    left -= 8;
  }
  if (left == 0) return true;
  return ((load<u64>(a) ^ load<u64>(b)) & ((<u64>1 << <u64>(left << 3)) - 1)) == 0;
}

/** Place of a string in a dictionary, put there when it is new; −1 and a fault without memory. */
export function entryOf(dictionary: usize, text: usize, length: u32, lone: bool): i32 {
  const hash = hashOf(text, length);
  const entries = load<i32>(dictionary, ENTRY_COUNT);
  if (entries << 1 >= <i32>load<u32>(dictionary, BUCKETS_MASK) && !moreBuckets(dictionary)) return -1;
  const mask = load<u32>(dictionary, BUCKETS_MASK);
  const buckets = <usize>load<u32>(dictionary, BUCKETS);
  const list = <usize>load<u32>(dictionary, ENTRIES);
  let bucket = hash & mask;
  for (;;) {
    const found = load<u32>(buckets + (<usize>bucket << 2));
    if (found == 0) break;
    const entry = list + (<usize>found - 1) * ENTRY_BYTES;
    if (load<u32>(entry, 8) == hash && load<u32>(entry, 4) == length && same(<usize>load<u32>(entry), text, length)) {
      return <i32>found - 1;
    }
    bucket = (bucket + 1) & mask;
  }
  if (entries >= load<i32>(dictionary, ENTRY_ROOM) && !moreEntries(dictionary)) return -1;
  const entry = <usize>load<u32>(dictionary, ENTRIES) + <usize>entries * ENTRY_BYTES;
  store<u32>(entry, <u32>text);
  store<u32>(entry, length, 4);
  store<u32>(entry, hash, 8);
  store<u32>(entry, lone ? 1 : 0, 12);
  store<i32>(dictionary, entries + 1, ENTRY_COUNT);
  store<u32>(buckets + (<usize>bucket << 2), <u32>entries + 1);
  return entries;
}

function moreBuckets(dictionary: usize): bool {
  const old = load<u32>(dictionary, BUCKETS_MASK);
  const mask: u32 = old == 0 ? 15 : (old << 1) | 1;
  const bytes = (<usize>mask + 1) << 2;
  const buckets = allocate(bytes);
  if (buckets == 0) return false;
  memory.fill(buckets, 0, bytes);
  const entries = load<i32>(dictionary, ENTRY_COUNT);
  const list = <usize>load<u32>(dictionary, ENTRIES);
  for (let i = 0; i < entries; i++) {
    let bucket = load<u32>(list + <usize>i * ENTRY_BYTES, 8) & mask;
    while (load<u32>(buckets + (<usize>bucket << 2)) != 0) bucket = (bucket + 1) & mask;
    store<i32>(buckets + (<usize>bucket << 2), i + 1);
  }
  store<u32>(dictionary, <u32>buckets, BUCKETS);
  store<u32>(dictionary, mask, BUCKETS_MASK);
  return true;
}

function moreEntries(dictionary: usize): bool {
  const old = load<i32>(dictionary, ENTRY_ROOM);
  const more = old == 0 ? 8 : old << 1;
  const list = allocate(<usize>more * ENTRY_BYTES);
  if (list == 0) return false;
  memory.copy(list, <usize>load<u32>(dictionary, ENTRIES), <usize>old * ENTRY_BYTES);
  store<u32>(dictionary, <u32>list, ENTRIES);
  store<i32>(dictionary, more, ENTRY_ROOM);
  return true;
}
