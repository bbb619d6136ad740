import tseslint from 'typescript-eslint';
import prettier from 'eslint-config-prettier';

// assembly/ is AssemblyScript, a dialect that its own compiler checks.
export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'bench/rivals/',
      'assembly/',
      'coverage/',
      'test/fixtures/',
      'test/corpora/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, prettier],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Index access is `T | undefined` under noUncheckedIndexedAccess; `!` says that a loop bound proves it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `x !== x` is the NaN test of the kernels' twins.
      'no-self-compare': 'off',
      eqeqeq: 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  // What the service says goes through its log.
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error' } },
);
