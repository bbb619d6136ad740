import { kBinsDiscretizer } from './bins.js';
import { dateParts } from './dates.js';
import { oneHotEncoder, ordinalEncoder } from './encoders.js';
import { ewm } from './ewm.js';
import { fft } from './fft.js';
import { simpleImputer } from './imputer.js';
import { pca } from './pca.js';
import { polynomialFeatures } from './polynomial.js';
import { powerTransformer } from './power.js';
import { quantileTransformer } from './quantiles.js';
import { rolling } from './rolling.js';
import { minMaxScaler, robustScaler, standardScaler } from './scalers.js';
import { diff, lag } from './shifts.js';
import type { Transformer } from './transformer.js';
import { varianceThreshold } from './variance.js';

/** Every transformer there is, by its name. */
export const transformers: ReadonlyMap<string, Transformer> = new Map(
  [
    standardScaler,
    minMaxScaler,
    robustScaler,
    simpleImputer,
    oneHotEncoder,
    ordinalEncoder,
    kBinsDiscretizer,
    polynomialFeatures,
    powerTransformer,
    quantileTransformer,
    pca,
    varianceThreshold,
    lag,
    diff,
    rolling,
    ewm,
    fft,
    dateParts,
  ].map((one) => [one.name, one]),
);
