import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

/**
 * The garbage collector of the calling thread, to be run at once: all of it, or only what was made lately. The memory of
 * a dropped arena goes back to the system only when every thread that knew it has collected, and that of Buffers that a
 * body came in when they are collected; left to itself it does not happen for long, as neither counts for much.
 */
export function collector(): (type: 'major' | 'minor') => void {
  let collect: Collect | undefined;
  return (type) => {
    // Made when it is first needed: a context of its own takes a megabyte.
    if (collect === undefined) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('gc') as Collect;
    }
    // Without options: `major` by name leaves shared memory where it is.
    if (type === 'minor') collect({ type });
    else collect();
  };
}
