import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { needed } from './lib.mjs';

const typescript = needed('typescript');

test('The page\'s source holds to its types, strictly', () => {
  const main = fileURLToPath(new URL('../../reports/web/src/main.ts', import.meta.url));
  const program = typescript.createProgram([main], {
    noEmit: true, strict: true, noUncheckedIndexedAccess: true, noUnusedLocals: true, noUnusedParameters: true,
    noImplicitReturns: true, exactOptionalPropertyTypes: true, skipLibCheck: true,
    target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext,
    moduleResolution: typescript.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], types: [],
  });
  const messages = typescript.getPreEmitDiagnostics(program).map((one) => {
    const line = one.file ? one.file.getLineAndCharacterOfPosition(one.start).line + 1 : 0;
    return `${one.file?.fileName}:${line}: ${typescript.flattenDiagnosticMessageText(one.messageText, '\n')}`;
  });
  assert.deepEqual(messages, []);
});
