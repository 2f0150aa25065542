namespace AdapterServe.Engine.Models.GenAi;

/// <summary>How the folder would have tokens chosen where a request does not say; null for what it leaves open.</summary>
internal sealed record GenAiSearch(
    bool? DoSample, double? Temperature, double? TopP, int? TopK, double? RepetitionPenalty, int? MinLength, int? MaxLength);
