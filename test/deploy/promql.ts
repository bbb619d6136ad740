/** What an expression of PromQL names, by its tokens: enough to compare with what is exposed. */
export interface Named {
  readonly selectors: readonly Selector[];
  /** Of `by`, `on` and the like. */
  readonly grouping: readonly string[];
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

const FUNCTIONS = new Set(
  'sum min max avg count absent changes deriv histogram_quantile increase rate time topk'.split(' '),
);
const GROUPING = new Set('by without on ignoring group_left group_right'.split(' '));
const OPERATORS = new Set('and or unless bool offset'.split(' '));
const TOKEN =
  /\s+|("(?:[^"\\]|\\.)*"|\[(?:\d+[smhd]|\$__rate_interval)\]|[A-Za-z_:][\w:]*|\d+(?:\.\d+)?|=~|!~|!=|==|>=|<=|[(){},=<>+\-*/])/uy;

/** Throws Error for what is neither known nor the name of a metric. */
export function namesOf(expression: string): Named {
  const tokens = lex(expression);
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  let place = 0;
  const next = (): string => tokens[place++] ?? '';
  const expectToken = (wanted: string): void => {
    const got = next();
    if (got !== wanted) throw new Error(`expected ${wanted}, got ${got} in ${expression}`);
  };
  while (place < tokens.length) {
    const token = next();
    if (!/^[A-Za-z_:]/u.test(token) || OPERATORS.has(token)) continue;
    if (GROUPING.has(token)) {
      expectToken('(');
      for (let label = next(); label !== ')'; label = next()) if (label !== ',') grouping.push(label);
    } else if (FUNCTIONS.has(token)) {
      if (!['(', 'by', 'without'].includes(tokens[place] ?? ''))
        throw new Error(`expected ( after ${token} in ${expression}`);
    } else {
      if (tokens[place] === '(') throw new Error(`expected a known function, got ${token}`);
      const matchers: Matcher[] = [];
      if (tokens[place] === '{') {
        place++;
        while (tokens[place] !== '}') {
          const [label, operator, value] = [next(), next(), next()];
          matchers.push({ label, operator, value: JSON.parse(value) as string });
          if (tokens[place] === ',') place++;
          else if (tokens[place] !== '}') throw new Error(`expected } in ${expression}`);
        }
        place++;
      }
      selectors.push({ metric: token, matchers });
    }
  }
  const depth = tokens.reduce((sum, token) => sum + (token === '(' ? 1 : token === ')' ? -1 : 0), 0);
  if (depth !== 0) throw new Error(`expected as many ) as ( in ${expression}`);
  return { selectors, grouping };
}

function lex(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) throw new Error(`expected PromQL, got ${expression.slice(at)}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}
