// Who may import whom, by folder: an allow-list. What is not named here is an error.
const folder = (name) => `^src/${name}/`;
const within = (name) => ({ from: { path: folder(name) }, to: { path: folder(name) } });

module.exports = {
  allowed: [
    // ports/: words only.
    within('ports'),
    { from: { path: '^src/ports/schema\\.ts$' }, to: { path: 'node_modules/json-schema-to-ts/' } },
    // domain/: ports and itself.
    within('domain'),
    { from: { path: folder('domain') }, to: { path: folder('ports') } },
    // engine/: ports and itself; the packages it is built on.
    {
      from: { path: folder('engine/wasm') },
      to: { path: [folder('engine/wasm'), '^src/engine/[^/]+\\.ts$'] },
    },
    { from: { path: folder('engine/js') }, to: { path: [folder('engine/js'), '^src/engine/[^/]+\\.ts$'] } },
    {
      from: { path: folder('engine/lanes') },
      to: { path: [folder('engine/lanes'), '^src/engine/[^/]+\\.ts$'] },
    },
    { from: { path: '^src/engine/[^/]+\\.ts$' }, to: { path: '^src/engine/[^/]+\\.ts$' } },
    { from: { path: folder('engine') }, to: { path: folder('ports') } },
    { from: { path: folder('engine/wasm') }, to: { path: 'node_modules/@assemblyscript/loader/' } },
    {
      from: { path: folder('engine/js') },
      to: { path: ['(^|/)ml-kmeans', 'node_modules/jstat/', '(^|/)csv-parse/'] },
    },
    { from: { path: folder('engine/lanes') }, to: { dependencyTypes: ['core'] } },
    // adapters/: one folder a technology, each knows ports, the domain's types and its own packages, never another.
    ...[
      'http',
      'arrow',
      'json',
      'csv',
      'parquet',
      'codecs',
      'schema',
      'telemetry',
      'html',
      'inference',
      'onnx',
      'store',
      'kafka',
      'access',
      'log',
    ].map((name) => within(`adapters/${name}`)),
    { from: { path: folder('adapters') }, to: { path: folder('ports') } },
    {
      from: { path: folder('adapters/http') },
      to: { path: folder('domain'), dependencyTypes: ['type-only'] },
    },
    { from: { path: folder('adapters') }, to: { dependencyTypes: ['core'] } },
    {
      from: { path: folder('adapters/http') },
      to: {
        path: [
          'node_modules/(@types/)?express',
          'node_modules/swagger-ui-dist/',
          'node_modules/@fastify/busboy/',
          'node_modules/helmet/',
          'node_modules/(@types/)?cors/',
        ],
      },
    },
    {
      from: { path: folder('adapters/arrow') },
      to: { path: 'node_modules/apache-arrow/' },
    },
    {
      from: { path: folder('adapters/parquet') },
      to: { path: ['node_modules/hyparquet/', 'node_modules/hyparquet-compressors/'] },
    },
    { from: { path: folder('adapters/schema') }, to: { path: 'node_modules/ajv/' } },
    { from: { path: folder('adapters/onnx') }, to: { path: 'node_modules/onnxruntime-web/' } },
    {
      from: { path: folder('adapters/store') },
      to: {
        path: [
          'node_modules/kysely/',
          'node_modules/libsql/',
          'node_modules/(@types/)?pg/',
          'node_modules/@aws-sdk/',
          'node_modules/@smithy/',
        ],
      },
    },
    {
      from: { path: folder('adapters/kafka') },
      to: { path: ['node_modules/@platformatic/', '^@platformatic/kafka$'] },
    },
    {
      from: { path: folder('adapters/telemetry') },
      to: { path: ['node_modules/@opentelemetry/', '^@opentelemetry/otlp-exporter-base/node-http$'] },
    },
    { from: { path: folder('adapters/log') }, to: { path: 'node_modules/pino/' } },
    {
      from: { path: folder('adapters/access') },
      to: { path: ['node_modules/jose/', 'node_modules/rate-limiter-flexible/', 'node_modules/ajv/'] },
    },
    // The composition roots name everything.
    { from: { path: '^src/(main|lane)\\.ts$' }, to: { path: '^src/' } },
    {
      from: { path: '^src/(main|lane|stop|environment|environment-kept|print-config)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    { from: { path: '^src/stop\\.ts$' }, to: { path: '^src/ports/' } },
    { from: { path: '^src/config\\.ts$' }, to: { path: ['^src/ports/', '^src/environment\\.ts$'] } },
    {
      from: { path: '^src/environment\\.ts$' },
      to: { path: ['^src/ports/', '^src/settings\\.ts$', '^src/environment-kept\\.ts$'] },
    },
    { from: { path: '^src/settings\\.ts$' }, to: { path: '^src/settings-kept\\.ts$' } },
    { from: { path: '^src/print-config\\.ts$' }, to: { path: ['^src/environment\\.ts$'] } },
  ],
  allowedSeverity: 'error',
  forbidden: [{ name: 'no-circular', severity: 'error', from: {}, to: { circular: true } }],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    combinedDependencies: false,
  },
};
