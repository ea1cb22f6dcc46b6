/** The hashes of each file in packages, by its path below ai/backend: as an ordinary and as an executable file. */
export type Installed = Readonly<Record<string, readonly string[]>>;

/** What a checkout changes in the packages that it lies over, by paths below ai/backend. */
export interface LaidChanges {
  /** Files of the checkout that the packages lack or have otherwise. */
  copied: string[];
  /** Modules of the packages that the checkout no longer has, with what they were compiled to. */
  removed: string[];
}

/** Version of Python in the names of compiled files. */
const PYTHON = 'cpython-313';

/** The compiled file of a module, by its path: "manager/a.py" has "manager/__pycache__/a.cpython-313.pyc". */
export function compiledName(module: string): string {
  const slash = module.lastIndexOf('/') + 1;
  return `${module.slice(0, slash)}__pycache__/${module.slice(slash, -'.py'.length)}.${PYTHON}.pyc`;
}

/**
 * What lies over the packages. Removed migrations must not run, so modules of a component that the checkout has go. Other files stay
 * where it lacks them, because a build makes them (web UI, helper programs). Pure.
 * @param sources hash of each file of the checkout
 */
export function laidChanges(sources: Readonly<Record<string, string>>, installed: Installed): LaidChanges {
  const modules = Object.keys(sources).filter((name) => name.endsWith('.py'));
  const components = new Set(modules.flatMap((name) => (name.includes('/') ? [componentOf(name)] : [])));
  const gone = Object.keys(installed).filter(
    (name) => name.endsWith('.py') && components.has(componentOf(name)) && sources[name] === undefined,
  );
  return {
    copied: Object.entries(sources)
      .filter(([name, hash]) => !installed[name]?.includes(hash))
      .map(([name]) => name)
      .sort(),
    removed: gone
      .flatMap((name) => [name, compiledName(name)].filter((file) => installed[file] !== undefined))
      .sort(),
  };
}

function componentOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}
