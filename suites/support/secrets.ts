export * from '../../operator/api/secrets.ts';
