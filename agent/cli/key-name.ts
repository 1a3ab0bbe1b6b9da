/** Under this name the keyring keeps the model provider's key. */
export const KEY_NAME = 'model-key';
