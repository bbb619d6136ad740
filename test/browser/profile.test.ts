import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { multipart, MULTIPART_TYPE, type Part } from '../hostile/wire.js';
import { JSON_TYPE, ROOT, send, type Service, startService } from '../service.js';

/** Where Debian puts it: `.ci/run` installs it. */
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SHOTS = process.env.SCREENSHOTS;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

type Row = Record<string, string | number | boolean | null>;
const penguins = JSON.parse(
  readFileSync(join(ROOT, 'node_modules', 'vega-datasets', 'data', 'penguins.json'), 'utf8'),
) as Row[];

const HOSTILE = [
  '<script>window.owned = 1</script>',
  '"><img src=x onerror="window.owned = 2">',
  "' onload='window.owned = 3' x='",
  '</style><script>window.owned = 4</script>',
  '</title><svg onload=window.owned=5>',
  'javascript:window.owned=6',
  '{{7*7}}${7*7}',
  '\u202eesrever\u202d',
  'x'.repeat(300),
  ' ',
  '& < > " \'',
  'http://127.0.0.1:1/loaded',
];
const HOSTILE_ROWS: Row[] = Array.from({ length: 40 }, (_, row) =>
  Object.fromEntries(
    HOSTILE.map((name, i) => [name, i % 2 === 0 ? (HOSTILE[(row + i) % HOSTILE.length] ?? '') : row * i]),
  ),
);

const json = (rows: readonly Row[]): string => JSON.stringify({ data: rows });
const table = (name: string, rows: readonly Row[]): Part => ({
  name,
  content: json(rows),
  type: 'application/json',
});

describe('the page of a profile, in Chromium', () => {
  let service: Service;
  let pages: Server;
  let browser: BrowserContext;
  let origin: string;
  const profileFolder = mkdtempSync(join(tmpdir(), 'profile-page-'));
  /** Answers by their path, as the service sent them. */
  const answers = new Map<string, { readonly policy: string; readonly bytes: Buffer }>();

  beforeAll(async () => {
    service = await startService();
    pages = createServer((request, response) => {
      const answer = answers.get(request.url ?? '');
      if (answer === undefined) {
        response.writeHead(404).end();
        return;
      }
      const headers = {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': answer.policy,
      };
      response.writeHead(200, headers).end(answer.bytes);
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    browser = await chromium.launchPersistentContext(profileFolder, {
      executablePath: BROWSER,
      headless: true,
      args: FLAGS,
    });
    await answer('/penguins', multipart([table('data', penguins)]), MULTIPART_TYPE);
    const [data, reference] = [0, 1].map((odd) => penguins.filter((_, row) => row % 2 === odd));
    const moved = reference!.filter(({ Species }) => Species !== 'Gentoo');
    const both = [table('data', data!), table('reference', moved)];
    await answer('/drift', multipart(both), MULTIPART_TYPE);
    await answer('/hostile', json(HOSTILE_ROWS), JSON_TYPE);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    pages.close();
    rmSync(profileFolder, { recursive: true, force: true });
    expect(await service.stop()).toBe(0);
  });

  async function answer(
    path: string,
    body: string | Uint8Array,
    type: Readonly<Record<string, string>>,
  ): Promise<void> {
    const headers = { ...type, accept: 'text/html' };
    const {
      status,
      headers: said,
      bytes,
    } = await send(`${service.url}/analytics/profile`, { headers, body });
    expect([status, said['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    answers.set(path, { policy: String(said['content-security-policy']), bytes });
  }

  /** Opens a page; nothing may be said on the console, nothing thrown, nothing else requested. */
  async function open(
    path: string,
    width: number,
    look: (page: Page) => Promise<void>,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<void> {
    const page = await browser.newPage();
    const said: string[] = [];
    const requested: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('dialog', (dialog) => said.push(dialog.message()));
    page.on('request', (request) => requested.push(request.url()));
    try {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.goto(origin + path, { waitUntil: 'load' });
      await look(page);
      if (SHOTS !== undefined) {
        const name = `${path.slice(1)}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: join(SHOTS, name), fullPage: true });
      }
      expect(said).toEqual([]);
      // The page itself; a browser asks for an icon on its own.
      expect(requested.filter((url) => !url.endsWith('/favicon.ico'))).toEqual([origin + path]);
    } finally {
      await page.close();
    }
  }

  const count = (page: Page, selector: string): Promise<number> => page.locator(selector).count();

  /** What an expression says of each element that a selector finds; `one` is the element. */
  const ofAll = <T>(page: Page, selector: string, expression: string): Promise<T[]> =>
    page.evaluate<T[]>(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => ${expression})`,
    );

  /** Sizes as they are drawn. */
  const sizes = (page: Page, selector: string): Promise<{ width: number; height: number }[]> =>
    ofAll(page, selector, '(({ width, height }) => ({ width, height }))(one.getBoundingClientRect())');

  test('headings, cards and plots are there, and have a size', async () => {
    await open('/penguins', 1280, async (page) => {
      expect(await page.title()).toBe('Profile of 344 rows, 7 columns');
      expect(await page.locator('h1').innerText()).toBe('Profile');
      expect(await page.locator('h2').allInnerTexts()).toEqual(['Alerts', 'Correlations', 'Columns']);
      expect(await page.locator('article h3').allInnerTexts()).toEqual(Object.keys(penguins[0]!));
      expect(await page.locator('.card dt').allInnerTexts()).toEqual([
        'Rows',
        'Columns',
        'Missing cells',
        'Duplicate rows',
        'Alerts',
      ]);
      const plots = await sizes(page, 'article svg.histogram');
      expect(plots).toHaveLength(4);
      for (const { width, height } of plots) {
        expect(width).toBeGreaterThan(300);
        expect(height).toBeGreaterThan(80);
      }
      const bars = await sizes(page, 'article svg.histogram rect');
      expect(bars.length).toBeGreaterThan(30);
      for (const { width, height } of bars) expect(Math.min(width, height)).toBeGreaterThan(0);
      expect(await count(page, '.matrix svg text')).toBe(2 * 16);
      // What is drawn is named for those who do not see it.
      expect(await count(page, 'svg:not([aria-hidden]):not([role="img"][aria-label])')).toBe(0);
      expect(await page.getByRole('img', { name: 'Histogram of Body Mass (g)' }).count()).toBe(1);
      expect(await page.getByRole('table', { name: 'Most frequent values of Island' }).count()).toBe(1);
    });
  });

  test('drift: a verdict, a row and both distributions of each column', async () => {
    await open('/drift', 1280, async (page) => {
      expect(await page.locator('h2').allInnerTexts()).toEqual([
        'Alerts',
        'Drift',
        'Correlations',
        'Columns',
      ]);
      expect(await page.locator('section[aria-labelledby="drift"] tbody tr').count()).toBeGreaterThan(6);
      expect(await count(page, '.tile')).toBe(7);
      expect(await count(page, '.tile svg.histogram g.reference')).toBe(4);
      expect(await count(page, '.tile svg.histogram g.data')).toBe(4);
      for (const { height } of await sizes(page, '.tile svg.histogram')) expect(height).toBeGreaterThan(60);
    });
  });

  test('names and values that would like to be more than text are text', async () => {
    await open('/hostile', 1280, async (page) => {
      expect(await page.evaluate('window.owned')).toBeUndefined();
      expect(await count(page, 'script, img, iframe, object, embed, link, form, base')).toBe(0);
      const shown = await page.locator('article h3').allTextContents();
      const expected = HOSTILE.map((name) =>
        name.trim() === '' ? 'blank' : name.length > 120 ? `${name.slice(0, 120)}…` : name,
      );
      expect(shown).toEqual(expected);
      const links = await ofAll<string>(page, 'a', 'one.getAttribute("href")');
      expect(links.filter((href) => !/^#column-\d+$/u.test(href))).toEqual([]);
      const attributes = await ofAll<string[]>(page, '*', 'one.getAttributeNames()');
      const handlers = attributes.flat().filter((name) => name.startsWith('on'));
      expect(handlers).toEqual([]);
    });
  });

  test.each(
    ['/penguins', '/drift', '/hostile'].flatMap((path) =>
      [360, 1280].flatMap((width) =>
        (['light', 'dark'] as const).map((scheme) => [path, width, scheme] as const),
      ),
    ),
  )('%s fits into %i pixels, %s', async (path, width, scheme) => {
    await open(
      path,
      width,
      async (page) => {
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect(wide).toBeLessThanOrEqual(width);
        // Nothing but what scrolls on its own is wider than the page.
        const outside = await ofAll<string | null>(
          page,
          'main *:not(.unseen):not(.unseen *)',
          `one.closest('.scroll') === null && one.getBoundingClientRect().right > ${width + 1} ? one.outerHTML.slice(0, 100) : null`,
        );
        expect(outside.filter((one) => one !== null)).toEqual([]);
        expect(await contrast(page)).toBeGreaterThan(7);
      },
      scheme,
    );
  });

  /** Of the text upon the ground, by WCAG 2. */
  async function contrast(page: Page): Promise<number> {
    const style = '((style) => [style.color, style.backgroundColor])(getComputedStyle(one))';
    const [colors = []] = await ofAll<string[]>(page, 'body', style);
    const [a = 0, b = 0] = colors.map(luminance);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
});

/** Of a CSS color: `rgb(…)`. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = (color.match(/\d+/gu) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
