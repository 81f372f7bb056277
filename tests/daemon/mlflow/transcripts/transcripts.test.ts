/** What clients of MLflow send for what people do with them, answered as by the MLflow server. */
import fs from 'node:fs';
import path from 'node:path';
import { itReplays, readTranscript } from '../../../support/transcript.ts';

const recorded = path.join(import.meta.dirname, 'recorded');

for (const file of fs.readdirSync(recorded).sort()) itReplays(readTranscript(path.join(recorded, file)));
