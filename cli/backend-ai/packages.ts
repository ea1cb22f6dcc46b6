/** The Backend.AI that images are built with: everything that decides their content. */
export interface BackendAi {
  /** What messages call it. */
  title: string;
  /** Every package with its hashes. Equal locks give equal images. */
  lock: string;
  /** Folder with the wheels that the lock takes from there, and their file names. */
  wheels?: { folder: string; files: string[] };
  /** A checkout whose sources lie over the packages. */
  checkout?: { folder: string; version: string; commit?: string; modified?: boolean };
}
