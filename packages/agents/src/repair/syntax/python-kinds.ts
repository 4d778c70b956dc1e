/** How tree-sitter's Python grammar maps to neutral shapes, and which field of a construct plays which role. */
import type { Shape } from './syntax-node.ts';

export const pythonShapes: Readonly<Record<string, Shape>> = {
  module: 'program',
  block: 'block',
  function_definition: 'function',
  lambda: 'function',
  class_definition: 'class',
  import_statement: 'import',
  import_from_statement: 'import',
  future_import_statement: 'import',
  expression_statement: 'expressionStatement',
  return_statement: 'return',
  if_statement: 'if',
  elif_clause: 'if',
  for_statement: 'loop',
  while_statement: 'loop',
  break_statement: 'jump',
  continue_statement: 'jump',
  raise_statement: 'throw',
  pass_statement: 'statement',
  try_statement: 'statement',
  with_statement: 'statement',
  assert_statement: 'statement',
  delete_statement: 'statement',
  global_statement: 'statement',
  nonlocal_statement: 'statement',
  decorated_definition: 'statement',
  match_statement: 'statement',
  comparison_operator: 'binary',
  binary_operator: 'binary',
  boolean_operator: 'binary',
  not_operator: 'unary',
  unary_operator: 'unary',
  assignment: 'assignment',
  augmented_assignment: 'assignment',
  default_parameter: 'declarator',
  typed_default_parameter: 'declarator',
  named_expression: 'declarator',
  conditional_expression: 'conditional',
  call: 'call',
  attribute: 'member',
  subscript: 'subscript',
  slice: 'slice',
  integer: 'number',
  float: 'number',
  true: 'boolean',
  false: 'boolean',
  none: 'null',
  list: 'list',
  tuple: 'list',
  set: 'list',
  dictionary: 'object',
  await: 'await',
  parenthesized_expression: 'parenthesis',
  list_splat: 'spread',
  dictionary_splat: 'spread',
};

/** Fields to look at, by kind, as [field, role]. Children in none of them get the kind's default role, or `part`. */
export const pythonFields: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  function_definition: [
    ['name', 'id'],
    ['parameters', 'parameter'],
    ['body', 'body'],
  ],
  lambda: [
    ['parameters', 'parameter'],
    ['body', 'body'],
  ],
  class_definition: [
    ['name', 'id'],
    ['superclasses', 'superClass'],
    ['body', 'body'],
  ],
  if_statement: [
    ['condition', 'condition'],
    ['consequence', 'consequent'],
    ['alternative', 'alternate'],
  ],
  elif_clause: [
    ['condition', 'condition'],
    ['consequence', 'consequent'],
  ],
  for_statement: [
    ['left', 'target'],
    ['right', 'iterable'],
    ['body', 'body'],
    ['alternative', 'alternate'],
  ],
  for_in_clause: [
    ['left', 'target'],
    ['right', 'iterable'],
  ],
  while_statement: [
    ['condition', 'condition'],
    ['body', 'body'],
    ['alternative', 'alternate'],
  ],
  binary_operator: [
    ['left', 'left'],
    ['right', 'right'],
  ],
  boolean_operator: [
    ['left', 'left'],
    ['right', 'right'],
  ],
  not_operator: [['argument', 'operand']],
  unary_operator: [['argument', 'operand']],
  assignment: [
    ['left', 'target'],
    ['right', 'value'],
  ],
  augmented_assignment: [
    ['left', 'target'],
    ['right', 'value'],
  ],
  default_parameter: [
    ['name', 'target'],
    ['value', 'value'],
  ],
  typed_default_parameter: [
    ['name', 'target'],
    ['value', 'value'],
  ],
  named_expression: [
    ['name', 'target'],
    ['value', 'value'],
  ],
  keyword_argument: [
    ['name', 'key'],
    ['value', 'value'],
  ],
  pair: [
    ['key', 'key'],
    ['value', 'value'],
  ],
  call: [['function', 'callee']],
  attribute: [
    ['object', 'object'],
    ['attribute', 'property'],
  ],
  subscript: [['value', 'object']],
  as_pattern: [['alias', 'target']],
  import_from_statement: [['module_name', 'module']],
};

/** The role of children that no field names. */
export const defaultPythonRoles: Readonly<Record<string, string>> = {
  subscript: 'index',
  argument_list: 'argument',
  list: 'item',
  tuple: 'item',
  set: 'item',
  if_clause: 'condition',
  return_statement: 'value',
  expression_statement: 'value',
  parenthesized_expression: 'value',
  await: 'value',
  raise_statement: 'value',
  string: 'item',
  interpolation: 'item',
};

/** Nodes without value code. */
export const skippedPython: ReadonlySet<string> = new Set([
  'comment',
  'type',
  'type_parameter',
  'decorator',
  'format_specifier',
  'type_conversion',
  'line_continuation',
  'string_start',
  'string_content',
  'string_end',
  'escape_sequence',
]);

/** Nodes that only group their children: the children take their place. */
export const transparentPython: ReadonlySet<string> = new Set(['argument_list', 'else_clause', 'interpolation']);

/** Roles in which an identifier is declared or named, by the parent's kind; `*` for any. */
export const namingPythonRoles: ReadonlySet<string> = new Set([
  'function_definition.id',
  'class_definition.id',
  'attribute.property',
  'keyword_argument.key',
  'for_statement.target',
  'for_in_clause.target',
  'named_expression.target',
  'default_parameter.target',
  'typed_default_parameter.target',
  'as_pattern.target',
]);

/** Nodes below which every identifier is declared. */
export const patternPython: ReadonlySet<string> = new Set([
  'parameters',
  'lambda_parameters',
  'pattern_list',
  'tuple_pattern',
  'list_pattern',
  'list_splat_pattern',
  'dictionary_splat_pattern',
  'typed_parameter',
  'as_pattern_target',
  'dotted_name',
  'aliased_import',
  'global_statement',
  'nonlocal_statement',
]);
