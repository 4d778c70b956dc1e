import type { Json, JsonObject } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { aWorkflow, resultOf, RunStory } from '../../test/builders.ts';
import { fillTemplates } from './template.ts';

const input = JSON.parse('{"count":3,"list":["x",{"y":1}],"text":"t","none":null,"__proto__":{"x":1}}') as JsonObject;
const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'constructor', needs: ['a'] }]), input);
story.complete('a', 'green', { files: ['f.ts'], nested: { deep: true } });
const fill = (value: Json) => fillTemplates(value, story.state);

describe('a value that is one template', () => {
  test.each([
    ['{{input.count}}', 3],
    ['{{ input.list }}', ['x', { y: 1 }]],
    ['{{input.list.1.y}}', 1],
    ['{{input.none}}', null],
    ['{{a.signal}}', 'green'],
    ['{{a.output.nested}}', { deep: true }],
    ['{{a.artifacts}}', {}],
  ])('%s keeps its type', (template, value) => {
    expect(fill(template)).toEqual(value);
  });
});

describe('a template inside of other text', () => {
  test.each([
    ['n={{input.count}}, {{input.text}}', 'n=3, t'],
    ['{{input.count}}{{input.count}}', '33'],
    ['{{a.output.nested}}!', '{"deep":true}!'],
    ['no {template} {{here', 'no {template} {{here'],
    ['{{not a reference}}', '{{not a reference}}'],
  ])('%s becomes text', (template, text) => {
    expect(fill(template)).toBe(text);
  });
});

test('templates are filled at every depth, and other values stay', () => {
  expect(fill({ deep: [{ x: '{{input.text}}' }, 7, null, true] })).toEqual({ deep: [{ x: 't' }, 7, null, true] });
});

test('what a template gives is not read as a template again', () => {
  const sly = new RunStory(aWorkflow([{ id: 'a' }]), { text: '{{input.secret}}', secret: 's' });
  expect(fillTemplates('{{input.text}} {{input.text}}', sly.state)).toBe('{{input.secret}} {{input.secret}}');
});

test.each([
  '{{input.missing}}',
  '{{ghost.output}}',
  '{{constructor.output}}',
  '{{a.output.files.9}}',
  '{{input.text.length}}',
  '{{input.constructor}}',
  '{{input.count.toFixed}}',
  '{{input.list.map}}',
  '{{a.output.__proto__}}',
  '{{__proto__.x}}',
  '{{toString}}',
  'in {{a.hasOwnProperty}} text',
])('%s refers to nothing and is refused', (template) => {
  expect(() => fill(template)).toThrow(/^A template refers to something that does not exist: \{\{/);
});

test('a member of the input that is called __proto__ is data like any other', () => {
  expect(fill('{{input.__proto__.x}}')).toBe(1);
  expect(() => fill('{{input.__proto__.toString}}')).toThrow();
});

test('an artifact of a node is found by its kind', () => {
  const told = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'] }]));
  const outcome = resultOf('a', 'success', {}, [{ kind: 'text', title: 'Found', text: 'in f.ts' }]);
  told.tell({ type: 'attempt.completed', ...told.ref('a'), incarnation: 1, outcome });
  expect(fillTemplates('{{a.artifacts.text.text}}', told.state)).toBe('in f.ts');
  expect(() => fillTemplates('{{a.artifacts.code}}', told.state)).toThrow();
});
