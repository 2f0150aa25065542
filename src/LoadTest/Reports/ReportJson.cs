using System.Text.Json.Serialization;
using AdapterServe.LoadTest.Search;

namespace AdapterServe.LoadTest.Reports;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(SearchReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
