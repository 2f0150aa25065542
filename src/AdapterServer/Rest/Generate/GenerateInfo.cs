namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>What TGI's <c>/info</c> tells, as far as it has a meaning here.</summary>
/// <param name="ModelId">The base.</param>
/// <param name="ModelSha">The digest of the base's weights.</param>
/// <param name="ModelDtype">How its linears are held.</param>
/// <param name="ModelDeviceType">Always <c>cpu</c>.</param>
/// <param name="ModelPipelineTag">Always <c>text-generation</c>.</param>
/// <param name="MaxConcurrentRequests">Sequences that wait before others are turned away.</param>
/// <param name="MaxBestOf">Always 1.</param>
/// <param name="MaxStopSequences">Most strings in <c>stop</c>.</param>
/// <param name="MaxInputTokens">Longest prompt.</param>
/// <param name="MaxInputLength">The same in TGI's older word.</param>
/// <param name="MaxTotalTokens">Longest prompt and answer together.</param>
/// <param name="Router">Always <c>adapterserve</c>.</param>
/// <param name="Version">Of this server.</param>
internal sealed record GenerateInfo(
    string ModelId, string ModelSha, string ModelDtype, string ModelDeviceType, string ModelPipelineTag, int MaxConcurrentRequests, int MaxBestOf, int MaxStopSequences, int MaxInputTokens,
    int MaxInputLength, int MaxTotalTokens, string Router, string Version);
