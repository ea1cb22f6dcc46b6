import { expect } from 'chai';
import { componentList } from './components.ts';

describe('a list by component', () => {
  it('gives each component a value', () => {
    expect(componentList('manager=../backend.ai,agent=26.9.0')).to.deep.equal([
      ['manager', '../backend.ai'],
      ['agent', '26.9.0'],
    ]);
    expect(componentList(' storage-proxy=image=r.example/x:1 ')).to.deep.equal([
      ['storage-proxy', 'image=r.example/x:1'],
    ]);
  });
  it('is none where the value begins with no component', () => {
    for (const text of ['26.9.0', 'latest', '../a=b', './x', '/a/b=c']) {
      expect(componentList(text), text).to.equal(undefined);
    }
  });
  it('is refused with an unknown component, one twice, or one without a value', () => {
    expect(() => componentList('gpu=26.9.0')).to.throw('"gpu=26.9.0", which names no component');
    expect(() => componentList('manager=26.9.0,26.8.3')).to.throw('"26.8.3", which names no component');
    expect(() => componentList('manager=26.9.0,manager=26.8.3')).to.throw('names manager twice');
    expect(() => componentList('manager=')).to.throw('"manager=" without a value');
  });
});
