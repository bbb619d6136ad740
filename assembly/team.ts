/**
 * One task on several lanes: a leader publishes it, helpers join, each takes units from one counter until none is left.
 * What a unit computes goes to its own place, so the answer does not depend on who computed it; merging is the leader's.
 *
 * The control block, 960 bytes of i32 in the shared memory; what several lanes write has a cache line of its own:
 *
 *     byte 0     generation  active  sequence  closed    helpers come and go by these: src/engine/team.ts
 *     byte 64    next                                    the unit to be taken next
 *     byte 128   done                                    units that are finished
 *     byte 192   open        inside                      whether the task may be worked at, and how many helpers do
 *     byte 256   cancel      fault                       set from outside: all stop after the unit at hand
 *     byte 264   stop        breakable                   set from outside: the same, where the task may be broken off
 *     byte 320   leave[64]                               a lane: it is wanted elsewhere
 *     byte 576   operation   units   pages   arguments   the task: 29 u32 arguments
 *     byte 704   seen[64]                                a helper: the sequence it has seen
 *
 * Source of the hand-shake: Dekker's. A helper counts itself inside and then looks whether the task is open; the leader
 * closes it and then looks whether anybody is inside. Atomics are sequentially consistent, so one of the two sees the other.
 *
 * Nobody sleeps in here: who would returns to the host, which calls Atomics.wait. V8's baseline compiler (Node 20) forgets
 * locals across memory.atomic.wait32.
 */
import { comomentsUnit } from './comoments';
import { chiSquaresUnit } from './contingency';
import { assignUnit, closestUnit, gainsUnit, inertiaUnit, potentialsUnit, siftUnit, singlesUnit, takeUnit } from './fit';
import { differencesUnit, distancesUnit } from './distances';
import { groupsUnit } from './groups';
import { growUnit } from './growth';
import { digitsUnit, exchangeUnit, inversionsUnit } from './inversions';
import { logisticUnit } from './losses';
import { gapsUnit, logarithmsUnit, multiplyUnit, placesUnit, powersUnit, projectUnit, scaleUnit } from './maps';
import { momentsUnit } from './moments';
import { nearestUnit, plantUnit } from './neighbours';
import { cellsUnit, dealUnit, orderUnit, tallyUnit } from './order';
import { probabilitiesUnit } from './probabilities';
import { keysUnit, ranksUnit } from './select';
import { filterUnit, sampleUnit } from './sieve';
import { silhouetteUnit } from './silhouette';
import { traverseUnit } from './trees';
import { widenUnit } from './widen';
import { extremesUnit } from './extremes';
import { fadedUnit, fadingUnit } from './fading';
import { rollingUnit, shiftedUnit } from './windows';

const SEQUENCE: usize = 8;
const CLOSED: usize = 12;
const NEXT: usize = 64;
const DONE: usize = 128;
const OPEN: usize = 192;
const INSIDE: usize = 196;
const CANCEL: usize = 256;
const FAULT: usize = 260;
const STOP: usize = 264;
const BREAKABLE: usize = 268;
const LEAVE: usize = 320;
const OPERATION: usize = 576;
const UNITS: usize = 580;
const PAGES: usize = 584;
const ARGUMENTS: usize = 588;
const SEEN: usize = 704;

/** Looks at a word that somebody will change soon before sleeping: about 20 µs, a few times what waking up takes. */
const SPINS: i32 = 4000;

/** What a task does with its units, and its arguments in order; the numbers are the ABI (src/engine/wasm/team.ts). */
export enum Operation {
  moments,
  sample,
  filter,
  ranks,
  keys,
  groups,
  widen,
  comoments,
  singles,
  closest,
  potentials,
  gains,
  take,
  assign,
  sift,
  inertia,
  cells,
  tally,
  deal,
  order,
  digits,
  exchange,
  inversions,
  silhouette,
  distances,
  differences,
  chiSquares,
  gaps,
  scale,
  multiply,
  project,
  places,
  logarithms,
  powers,
  shifted,
  rolling,
  extremes,
  faded,
  fading,
  traverse,
  grow,
  logistic,
  probabilities,
  plant,
  nearest,
}

function compute(operation: i32, task: usize, unit: i32, lane: i32): void {
  switch (operation) {
    case Operation.moments: return momentsUnit(task, unit, lane);
    case Operation.sample: return sampleUnit(task, unit);
    case Operation.filter: return filterUnit(task, unit);
    case Operation.ranks: return ranksUnit(task, unit, lane);
    case Operation.keys: return keysUnit(task, unit);
    case Operation.groups: return groupsUnit(task, unit);
    case Operation.widen: return widenUnit(task, unit);
    case Operation.comoments: return comomentsUnit(task, unit, lane);
    case Operation.singles: return singlesUnit(task, unit, lane);
    case Operation.closest: return closestUnit(task, unit, lane);
    case Operation.potentials: return potentialsUnit(task, unit, lane);
    case Operation.gains: return gainsUnit(task, unit, lane);
    case Operation.take: return takeUnit(task, unit, lane);
    case Operation.assign: return assignUnit(task, unit, lane);
    case Operation.sift: return siftUnit(task, unit, lane);
    case Operation.inertia: return inertiaUnit(task, unit, lane);
    case Operation.cells: return cellsUnit(task, unit);
    case Operation.tally: return tallyUnit(task, unit);
    case Operation.deal: return dealUnit(task, unit);
    case Operation.order: return orderUnit(task, unit, lane);
    case Operation.digits: return digitsUnit(task, unit);
    case Operation.exchange: return exchangeUnit(task, unit, lane);
    case Operation.inversions: return inversionsUnit(task, unit, lane);
    case Operation.silhouette: return silhouetteUnit(task, unit, lane);
    case Operation.distances: return distancesUnit(task, unit, lane);
    case Operation.differences: return differencesUnit(task, unit);
    case Operation.chiSquares: return chiSquaresUnit(task, unit, lane);
    case Operation.gaps: return gapsUnit(task, unit);
    case Operation.scale: return scaleUnit(task, unit);
    case Operation.multiply: return multiplyUnit(task, unit);
    case Operation.project: return projectUnit(task, unit);
    case Operation.places: return placesUnit(task, unit);
    case Operation.logarithms: return logarithmsUnit(task, unit);
    case Operation.powers: return powersUnit(task, unit);
    case Operation.shifted: return shiftedUnit(task, unit);
    case Operation.rolling: return rollingUnit(task, unit, lane);
    case Operation.extremes: return extremesUnit(task, unit, lane);
    case Operation.faded: return fadedUnit(task, unit, lane);
    case Operation.fading: return fadingUnit(task, unit, lane);
    case Operation.traverse: return traverseUnit(task, unit, lane);
    case Operation.grow: return growUnit(task, unit, lane);
    case Operation.logistic: return logisticUnit(task, unit, lane);
    case Operation.probabilities: return probabilitiesUnit(task, unit, lane);
    case Operation.plant: return plantUnit(task, unit);
    case Operation.nearest: return nearestUnit(task, unit, lane);
    default: unreachable();
  }
}

// @ts-ignore: decorator
@inline
function stopped(control: usize): bool {
  return (atomic.load<i32>(control, CANCEL) | atomic.load<i32>(control, FAULT)) != 0 || brokenOff(control);
}

// @ts-ignore: decorator
@inline
function brokenOff(control: usize): bool {
  return (atomic.load<i32>(control, STOP) & atomic.load<i32>(control, BREAKABLE)) != 0;
}

/** Whether a unit that takes long had better end: what it has written is not looked at then. */
export function isStopped(task: usize): bool {
  return stopped(task - ARGUMENTS);
}

/** Takes units until none is left, the task is stopped, or this lane is wanted elsewhere. */
function work(control: usize, lane: i32): void {
  const units = load<i32>(control, UNITS);
  const operation = load<i32>(control, OPERATION);
  const leave = control + LEAVE + ((<usize>lane) << 2);
  while (!stopped(control) && atomic.load<i32>(leave) == 0) {
    const unit = atomic.add<i32>(control, 1, NEXT);
    if (unit >= units) return;
    compute(operation, control + ARGUMENTS, unit, lane);
    if (atomic.add<i32>(control, 1, DONE) + 1 == units) atomic.notify(control + DONE, 1);
  }
}

/** Waits awake for a while as long as a word has this value. returns whether it has changed */
function changes(word: usize, from: i32): bool {
  for (let i = 0; i < SPINS; i++) if (atomic.load<i32>(word) != from) return true;
  return false;
}

/**
 * A helper's part: works at every task that is published. Lanes are numbered from 1; the leader is 0.
 * returns 0 when the team closes or the lane is called off. Else it is to be called again: 1 at once, for the memory has
 * grown elsewhere and this instance does not know yet; 2 when the sequence is not what it has seen any more.
 */
export function team_help(control: usize, lane: i32): i32 {
  const leave = control + LEAVE + ((<usize>lane) << 2);
  const sequence = control + SEQUENCE;
  // Whatever is open now has not been seen yet.
  let seen = atomic.load<i32>(sequence) - 1;
  while (atomic.load<i32>(control, CLOSED) == 0 && atomic.load<i32>(leave) == 0) {
    const current = atomic.load<i32>(sequence);
    if (current == seen) {
      if (changes(sequence, seen)) continue;
      store<i32>(control + ((<usize>lane) << 2), seen, SEEN);
      return 2;
    }
    seen = current;
    atomic.add<i32>(control, 1, INSIDE);
    const open = atomic.load<i32>(control, OPEN) != 0;
    // Filling and copying look at the size that this instance knows.
    const stale = open && memory.size() < atomic.load<i32>(control, PAGES);
    if (open && !stale) work(control, lane);
    if (atomic.sub<i32>(control, 1, INSIDE) == 1) atomic.notify(control + INSIDE, 1);
    if (stale) return 1;
  }
  return 0;
}

/** 0 when nobody is at the task any more: its arguments may be written anew. The leader's, before every task. */
export function team_clear(control: usize): i32 {
  atomic.store<i32>(control, 0, OPEN);
  for (let inside = atomic.load<i32>(control, INSIDE); inside != 0; inside = atomic.load<i32>(control, INSIDE)) {
    if (!changes(control + INSIDE, inside)) return 1;
  }
  return 0;
}

/**
 * Publishes the task that lies in the control block, works at it, and waits until it is finished. `shared` 0: nobody else
 * is told. returns as team_wait
 */
export function team_lead(control: usize, shared: i32): i32 {
  atomic.store<i32>(control, 0, NEXT);
  atomic.store<i32>(control, 0, DONE);
  if (shared != 0) {
    store<i32>(control, memory.size(), PAGES);
    atomic.store<i32>(control, 1, OPEN);
    atomic.add<i32>(control, 1, SEQUENCE);
    atomic.notify(control + SEQUENCE, 64);
  }
  work(control, 0);
  return team_wait(control);
}

/**
 * 0 when the task is finished; 4 when it is to be called again, once `done` has changed. Else what stopped it, units being
 * unfinished: bit 0 cancel, bit 1 fault, bit 3 stop.
 */
export function team_wait(control: usize): i32 {
  const units = load<i32>(control, UNITS);
  while (!stopped(control)) {
    const done = atomic.load<i32>(control, DONE);
    if (done == units) return 0;
    if (!changes(control + DONE, done)) return 4;
  }
  return i32(atomic.load<i32>(control, CANCEL) != 0) | (i32(atomic.load<i32>(control, FAULT) != 0) << 1) | (i32(brokenOff(control)) << 3);
}
