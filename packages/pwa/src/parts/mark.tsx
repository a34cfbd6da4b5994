/**
 * The product's mark: a plate in a viewfinder.
 * Rule: drawn in the current colour, never carries meaning by itself.
 */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M4 11V7a3 3 0 0 1 3-3h4M21 4h4a3 3 0 0 1 3 3v4M28 21v4a3 3 0 0 1-3 3h-4M11 28H7a3 3 0 0 1-3-3v-4" />
    <rect x="7" y="12" width="18" height="8" rx="2" />
  </svg>
);
