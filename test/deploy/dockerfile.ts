/** A Dockerfile as instructions and stages. */

export interface Instruction {
  name: string;
  /** What follows the name, lines joined, comments gone. */
  rest: string;
}
export interface Stage {
  name: string;
  image: string;
  steps: Instruction[];
}
export interface Dockerfile {
  args: string[];
  stages: Stage[];
}

const instructions = (source: string): Instruction[] =>
  source
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [, name = '', rest = ''] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
      return { name: name.toUpperCase(), rest: rest.trim() };
    });

export const parse = (source: string): Dockerfile => {
  const file: Dockerfile = { args: [], stages: [] };
  for (const step of instructions(source)) {
    const stage = file.stages.at(-1);
    if (step.name === 'FROM') {
      const [, image = '', name = ''] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(step.rest) ?? [];
      file.stages.push({ image, name, steps: [] });
    } else if (stage) stage.steps.push(step);
    else file.args.push(step.rest);
  }
  return file;
};

export const all = (stage: Stage | undefined, name: string): string[] =>
  (stage?.steps ?? []).filter((step) => step.name === name).map((step) => step.rest);

/** The arguments of a command in exec form; nothing for the shell form. */
export const exec = (rest: string | undefined): string[] => {
  const list = /\[.*\]$/.exec(rest ?? '');
  try {
    return list ? (JSON.parse(list[0]) as string[]) : [];
  } catch {
    return [];
  }
};

export interface Copy {
  from: string | undefined;
  sources: string[];
  to: string;
}

export const copies = (stage: Stage | undefined): Copy[] =>
  all(stage, 'COPY').map((rest) => {
    const words = rest.split(/\s+/);
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    const paths = words.filter((word) => !word.startsWith('--'));
    return { from, sources: paths.slice(0, -1), to: paths.at(-1) ?? '' };
  });
