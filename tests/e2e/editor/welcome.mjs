// Whether the view of the runs was said to be empty. `watchWelcome` is given to `scenario` and runs in each page.

/** Looks at every frame that is drawn. */
export function watchWelcome() {
  const look = () => {
    window.welcomed ||= [...document.querySelectorAll('.welcome-view-content')].some((welcome) => welcome.textContent.includes('No run yet'));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

export async function requireNoWelcome(window) {
  if (await window.page.evaluate(() => window.welcomed)) {
    throw new Error('the runs were said not to be there before they were read');
  }
}
