import assert from 'node:assert/strict';
import { parseSeparated, previewOf } from '../../../extension/panels/preview.ts';

describe('the preview of an artifact', () => {
  it('shows an image as data, an SVG among them', () => {
    const preview = previewOf('plots/a.svg', Buffer.from('<svg onload="x()"/>'), true);
    assert.equal(preview.kind, 'image');
    assert.match(preview.kind === 'image' ? preview.url : '', /^data:image\/svg\+xml;base64,[\w+/=]+$/);
  });

  it('shows HTML as text', () => {
    const preview = previewOf('report.html', Buffer.from('<script>x()</script>'), true);
    assert.deepEqual(preview, { kind: 'text', text: '<script>x()</script>', cut: false });
  });

  it('does not show what is no text, or an image that is cut', () => {
    assert.equal(previewOf('model.onnx', Buffer.from([8, 0, 18]), true).kind, 'none');
    assert.equal(previewOf('a.png', Buffer.from('x'), false).kind, 'none');
  });

  it('indents JSON', () => {
    assert.deepEqual(previewOf('a.json', Buffer.from('{"a":1}'), true), {
      kind: 'text',
      text: '{\n  "a": 1\n}',
      cut: false,
    });
  });

  it('reads separated values with quotes, line ends in them, and empty fields', () => {
    const text = 'a,b,c\r\n"x, ""y""","two\nlines",\n1,2,3\n';
    assert.deepEqual(parseSeparated(text, ',', 10), [
      ['a', 'b', 'c'],
      ['x, "y"', 'two\nlines', ''],
      ['1', '2', '3'],
    ]);
  });
});
