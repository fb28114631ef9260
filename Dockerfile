# What is in the images? Two targets: "understudy" (the last, so the default) and "demo", the models and the load of
# docker-compose.yml. rig/dockerfile-steps.ts carries these steps out without an engine, for a test.

FROM node:24.21.0-bookworm-slim AS base
WORKDIR /opt/understudy
# What decides about node_modules comes first: a change of the source installs nothing anew.
COPY package.json package-lock.json .npmrc ./

FROM base AS demo
# With the development packages, because the flights that the load sends are one of them.
RUN npm ci --include=dev --omit=optional --ignore-scripts && rm -rf /root/.npm
COPY demo demo
USER 1000:1000

FROM base AS understudy
# The optional packages are Node 24 itself, which the image brings.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && rm -rf /root/.npm
# A new volume takes owner and mode from the folder it covers. The group may enter, because Envoy connects to sockets in
# /run/understudy as a member of it; nobody else may.
RUN install -d -o 1000 -g 1000 -m 0750 /run/understudy /var/lib/understudy
RUN ln -s /opt/understudy/bin/understudy.cjs /usr/local/bin/understudy
# Read at run time: server reflection answers from these files.
COPY proto proto
COPY bin bin
COPY src src
# The user "node" of the image, in numbers, because docker-compose.yml gives Envoy the same group.
USER 1000:1000
# The admin socket answers last of all: then the decide and observe sockets are served.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["understudy", "status", "--json"]
ENTRYPOINT ["understudy"]
CMD ["serve"]
