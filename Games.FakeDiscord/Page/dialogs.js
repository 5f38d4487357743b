// One dialog for modals and for the options of slash commands.
import { element } from './markdown.js';

const $ = (id) => document.getElementById(id);

/**
 * Fields: {key, label, kind: text | paragraph | number | choice, required, min, max, value, choices: [{value, label}]}.
 * submit(values, close) throws what is wrong.
 */
export function ask(title, fields, submit) {
  const dialog = $('dialog');
  $('dialog-title').textContent = title;
  $('dialog-problem').textContent = '';
  $('fields').replaceChildren(...fields.map((field) => element('label', {}, field.required ? `${field.label} *` : field.label, input(field))));
  const form = dialog.querySelector('form');
  form.onsubmit = async (event) => {
    event.preventDefault();
    const values = {};
    for (const field of fields) {
      const { value } = form.elements[field.key];
      if (value !== '') values[field.key] = value;
    }
    try {
      await submit(values, () => dialog.close());
    } catch (problem) {
      $('dialog-problem').textContent = problem.message;
    }
  };
  $('cancel').onclick = () => dialog.close();
  if (!dialog.open) dialog.showModal();
  $('fields').querySelector('input, textarea, select')?.focus();
}

function input(field) {
  const common = { name: field.key, required: field.required, placeholder: field.placeholder };
  if (field.kind === 'choice') {
    return element('select', common, element('option', { value: '' }, ''),
      ...field.choices.map((choice) => element('option', { value: choice.value, selected: choice.value === field.value }, choice.label)));
  }
  const text = { ...common, minlength: field.min || undefined, maxlength: field.max };
  if (field.kind === 'paragraph') return element('textarea', { ...text, rows: 4 }, field.value ?? '');
  const type = field.kind === 'number' ? { type: 'number', step: 'any' } : { type: 'text' };
  return element('input', { ...text, ...type, value: field.value });
}

/** The fields of a modal: text inputs and selects in rows or labels. */
export function fieldsOfModal(modal) {
  return modal.components.flatMap((outer) => (outer.component ? [[outer.component, outer.label]] : outer.components.map((x) => [x, x.label])))
    .map(([component, label]) => ({
      key: component.custom_id,
      label,
      kind: component.type === 3 ? 'choice' : component.style === 2 ? 'paragraph' : 'text',
      required: component.required !== false,
      min: component.min_length,
      max: component.max_length ?? 4000,
      value: component.value,
      placeholder: component.placeholder,
      choices: component.options?.map((option) => ({ value: option.value, label: option.label })),
    }));
}

/** The fields of a command's options. */
export function fieldsOfOptions(options, people, channels) {
  return options.map((option) => {
    const choices = option.choices?.map((choice) => ({ value: String(choice.value), label: choice.name }))
      ?? { 5: [{ value: 'true', label: 'yes' }, { value: 'false', label: 'no' }], 6: people, 7: channels }[option.type];
    return {
      key: option.name,
      label: `${option.name}: ${option.description}`,
      kind: choices ? 'choice' : option.type === 4 || option.type === 10 ? 'number' : 'text',
      required: option.required === true,
      min: option.min_length,
      max: option.max_length,
      choices,
    };
  });
}
