import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The garbage collector of the calling thread, to be run at once. The memory of a dropped arena goes back to the system
 * only when every thread that knew it has collected; left to themselves they do not for long, as they do not count it.
 */
export function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
