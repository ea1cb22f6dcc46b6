/** Sample of the runner's specs: a suite file that cannot be loaded. */
throw new Error('this sample cannot be loaded');
