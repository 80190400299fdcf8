// SPDX-License-Identifier: Apache-2.0
// Reads requests, one JSON object a line, and answers each with a line; the module does the work.
import { createInterface } from "node:readline";
import { open, Refused, unb64u } from "../../docs/examples/opener.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    const { files, alert, md, late, standing } = await open({ ...request, blobs: request.blobs.map((blob) => unb64u(blob)) }, request);
    const named = Object.entries(files).map(([name, octets]) => [name, Buffer.from(octets).toString("base64url")]);
    answer = { md, alert, late, standing, files: Object.fromEntries(named) };
  } catch (error) {
    answer = error instanceof Refused ? { stage: error.stage, refused: error.message } : { error: String(error.stack) };
  }
  console.log(JSON.stringify(answer));
}
