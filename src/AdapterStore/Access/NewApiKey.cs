namespace AdapterServe.AdapterStore.Access;

/// <param name="Key">What is remembered of it.</param>
/// <param name="Secret">The whole key, which is known now and never again.</param>
public sealed record NewApiKey(ApiKey Key, string Secret);
