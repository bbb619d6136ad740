# Built from the tag by default; a release gives the digest: --build-arg NODE_IMAGE=node:24-slim@sha256:...
ARG NODE_IMAGE=node:24-slim

# build: compiles assembly/ to WebAssembly and src/ to CommonJS. Nothing of it but dist/ reaches the image.
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json asconfig.json ./
COPY .ci/build.mjs ./.ci/build.mjs
COPY assembly ./assembly
COPY src ./src
COPY bench ./bench
RUN npm run build

# dependencies: what the service loads when it runs, and none of its tools.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /dependencies
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# onnxruntime-web brings its builds for browsers too, 139 MB; Node loads one of 14 MB.
RUN find node_modules/onnxruntime-web/dist node_modules/onnxruntime-web/lib node_modules/onnxruntime-web/docs -type f \
      ! -name ort.node.min.mjs ! -name ort-wasm-simd-threaded.mjs ! -name ort-wasm-simd-threaded.wasm -delete

FROM ${NODE_IMAGE} AS final
# The base image's package managers have no use in a running service; /data is the one directory it may write.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
    && mkdir /data \
    && chown 10001:10001 /data

ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data

# Owned by root and so read-only to the service, whether or not the root filesystem is mounted read-only.
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /dependencies/node_modules ./node_modules
COPY --from=build /build/dist/src ./dist/src
COPY --from=build /build/dist/wasm/release.wasm ./dist/wasm/release.wasm

# Last, for they change with every commit and would spoil the cache of the layers above.
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=https://github.com/example/analytics-service
LABEL org.opencontainers.image.title="analytics-service" \
      org.opencontainers.image.description="Analytics microservice: WebAssembly SIMD kernels in place on Arrow columns" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"

USER 10001:10001
# An anonymous volume, so that `docker run --read-only` works without further options.
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8000) + '/health/ready', { signal: AbortSignal.timeout(2500) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
