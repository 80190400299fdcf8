# SPDX-License-Identifier: Apache-2.0
# The desk's image with the exchange's code, the demonstration and its mail sink in it: for `./dev drill production` only.
ARG DESK_IMAGE
FROM ${DESK_IMAGE}
USER 0:0
ARG PIP_INDEX_URL
COPY requirements-embedded.txt /tmp/
# Of the parts that a machine without services gets, the mail sink alone.
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then export PIP_CERT=/run/secrets/certificates; fi; \
    sed -n '/^\(aiosmtpd\|atpublic\|attrs\)==/,/[^\\]$/p' /tmp/requirements-embedded.txt >/tmp/parts.txt \
    && pip install --no-cache-dir --require-hashes --no-deps --only-binary=:all: -r /tmp/parts.txt && rm /tmp/*.txt
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/accord-ledger/desk /var/lib/accord-ledger/exchange
COPY agencies /app/agencies
COPY sharing /app/sharing
COPY operators /app/operators
COPY demo /app/demo
COPY devtool /app/devtool
USER 10001:10001
