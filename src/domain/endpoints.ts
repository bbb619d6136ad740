import { analyze } from './analyze.js';
import { cluster } from './cluster.js';
import { correlate } from './correlate.js';
import { makeDataset } from './datasets/make.js';
import { readDataset } from './datasets/read.js';
import { describe } from './describe.js';
import { features } from './features.js';
import type { Endpoint } from './endpoint.js';
import { batch } from './hypothesis/batch.js';
import { testEndpoints } from './hypothesis/endpoints.js';
import { evaluate } from './models/evaluate.js';
import { fit } from './models/fit.js';
import { importDocument } from './models/import-document.js';
import { importOnnx } from './models/import-onnx.js';
import { infer } from './models/infer.js';
import { invocations } from './models/invocations.js';
import { predict } from './models/predict.js';
import { profile } from './profile/profile.js';
import { fold, reference } from './streams/endpoints.js';

/** Every analysis the service offers: the HTTP adapter serves this list, OpenAPI describes it. */
export const endpoints: readonly Endpoint[] = [
  analyze,
  describe,
  cluster,
  correlate,
  ...testEndpoints,
  batch,
  features,
  profile,
  fit,
  importDocument,
  importOnnx,
  predict,
  evaluate,
  infer,
  invocations,
];

/** What is behind the routes of datasets. */
export const datasetEndpoints = { make: makeDataset, read: readDataset } as const;

/** What lanes do: also what the service alone asks them, which no path of an analysis leads to. */
export const laneEndpoints: readonly Endpoint[] = [...endpoints, makeDataset, readDataset, fold, reference];
