import { editorForm } from './forms.ts';
import { fileSchema } from './schema.ts';

/** JSON Schema of understudy.yaml, for editors: it knows forms, not what contradicts what. */
export function editorSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'understudy.yaml',
    description: 'Which models stand behind Envoy, and who answers whom.',
    ...editorForm(fileSchema),
  };
}
