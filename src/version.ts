import manifest from '../package.json' with { type: 'json' };

/** Of Understudy. */
export const { version } = manifest;
