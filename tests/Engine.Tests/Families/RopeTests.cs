using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Engine.Models.HuggingFace.Families;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>The rotations of configurations. The expected numbers were worked out from the published definitions, apart from this code.</summary>
public sealed class RopeTests : IDisposable
{
    private const double Tolerance = 1e-12;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(6, 500, """{"type":"linear","factor":2.5}""", new[] { 0.4, 0.05039684199579493, 0.0063496042078728 }, 1)]
    [InlineData(
        6, 500, """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":16}""",
        new[] { 0.5760564010955116, 0.015749013123685915, 0.00198425131496025 }, 1)]
    [InlineData(
        16, 10000, """{"rope_type":"yarn","factor":4,"original_max_position_embeddings":128}""",
        new[] { 1, 0.23717082451262847, 0.05, 0.007905694150420948, 0.0025, 0.0007905694150420948, 0.00025, 7.905694150420948e-05 }, 1.138629436111989)]
    [InlineData(
        16, 10000, """{"rope_type":"yarn","factor":4,"original_max_position_embeddings":128,"truncate":false,"mscale":1,"mscale_all_dim":0.5}""",
        new[] { 1, 0.22563747925454336, 0.04270567198866974, 0.007905694150420948, 0.0025, 0.0007905694150420948, 0.00025, 7.905694150420948e-05 },
        1.0648216253695715)]
    [InlineData(6, 500, """{"rope_type":"dynamic","factor":4}""", new[] { 1, 0.12599210498948732, 0.015874010519682 }, 1)]
    [InlineData(12, 500, """{"rope_type":"default","partial_rotary_factor":0.5}""", new[] { 1, 0.12599210498948732, 0.015874010519682 }, 1)]
    public void A_scaled_rotation_is_what_its_definition_says(int headSize, double theta, string parameters, double[] frequencies, double magnitude)
    {
        var rotary = Read(headSize, theta, parameters, context: 512).Rotary;

        Assert.Equal(frequencies.Length, rotary.Frequencies.Length);
        Assert.All(frequencies.Zip(rotary.Frequencies), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        Assert.Equal(magnitude, rotary.Magnitude, Tolerance);
        Assert.Null(rotary.LongFrequencies);
    }

    [Fact]
    public void Longrope_has_two_sets_of_frequencies_and_a_magnitude_from_the_contexts()
    {
        var rotary = Read(
            4, 100, """{"type":"su","short_factor":[1,2],"long_factor":[4,5],"original_max_position_embeddings":8}""", context: 32).Rotary;

        Assert.Equal([1, 0.05], rotary.Frequencies);
        Assert.Equal([0.25, 0.02], rotary.LongFrequencies!.Value);
        Assert.Equal(8, rotary.LongFrom);
        Assert.Equal(1.2909944487358056, rotary.Magnitude, Tolerance);
    }

    [Theory]
    [InlineData("""{"rope_type":"yarn","factor":4,"original_max_position_embeddings":512}""", 2048)]
    [InlineData("""{"rope_type":"yarn","factor":4,"original_max_position_embeddings":128}""", 512)]
    [InlineData("""{"rope_type":"linear","factor":4}""", 512)]
    public void Yarn_reaches_as_far_as_its_factor_goes(string parameters, int context) => Assert.Equal(context, Read(16, 10000, parameters, context: 512).Context);

    private (RotaryEmbedding Rotary, int Context) Read(int headSize, double theta, string parameters, int context)
    {
        var config = $$"""
            {"hidden_size":{{2 * headSize}},"num_attention_heads":2,"intermediate_size":8,"num_hidden_layers":1,"vocab_size":9,
            "max_position_embeddings":{{context}},"rope_theta":{{theta}},"rope_scaling":{{parameters}}}
            """;
        File.WriteAllText(_folder.In("config.json"), config);
        using var file = JsonFile.TryOpen(_folder.Path, "config.json", 1 << 20)!;
        return RopeReader.Read(file, ModelSizes.Read(file, context: 2048));
    }
}
