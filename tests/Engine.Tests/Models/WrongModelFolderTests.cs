using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Models;

public sealed class WrongModelFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TinyCheckpoint _checkpoint = new TinyCheckpoint().Fill();

    private string ModelFolder => _folder.In("tiny");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("architectures", "null", "config_field")]
    [InlineData("architectures", "[]", "config_field")]
    [InlineData("architectures", "[1]", "config_field")]
    [InlineData("architectures", "[\"LlamaForCausalLM\",\"X\"]", "config_field")]
    [InlineData("architectures", "[\"MambaForCausalLM\"]", "architecture_unsupported")]
    [InlineData("hidden_act", "\"mish\"", "activation_unsupported")]
    [InlineData("hidden_act", "7", "config_field")]
    [InlineData("quantization_config", "{}", "quantization_unsupported")]
    [InlineData("hidden_size", "null", "config_field")]
    [InlineData("hidden_size", "0", "config_field")]
    [InlineData("hidden_size", "-12", "config_field")]
    [InlineData("hidden_size", "12.5", "config_field")]
    [InlineData("hidden_size", "\"12\"", "config_field")]
    [InlineData("hidden_size", "99999999999999999999", "config_field")]
    [InlineData("num_hidden_layers", "1000000", "config_field")]
    [InlineData("num_key_value_heads", "2", "config_field")]
    [InlineData("head_dim", "5", "config_field")]
    [InlineData("max_position_embeddings", "4194305", "config_field")]
    [InlineData("rms_norm_eps", "0", "config_field")]
    [InlineData("rms_norm_eps", "1e999", "config_field")]
    [InlineData("rope_theta", "-1", "config_field")]
    [InlineData("rope_scaling", "\"x\"", "config_field")]
    [InlineData("rope_scaling", "{\"type\":\"ntk\",\"factor\":2}", "rope_unsupported")]
    [InlineData("rope_scaling", "{\"type\":\"linear\"}", "config_field")]
    [InlineData("rope_scaling", "{\"rope_type\":\"llama3\"}", "config_field")]
    [InlineData("rope_scaling", "{\"rope_type\":\"longrope\",\"short_factor\":[1,1,1],\"long_factor\":[1,2]}", "config_field")]
    [InlineData("rope_scaling", "{\"rope_type\":\"longrope\",\"short_factor\":[1,1,1],\"long_factor\":[1,2,0]}", "config_field")]
    [InlineData("rope_parameters", "{\"rope_type\":\"yarn\",\"factor\":-4}", "config_field")]
    [InlineData("rope_parameters", "{\"rope_theta\":0}", "config_field")]
    [InlineData("partial_rotary_factor", "0.5", "config_field")]
    [InlineData("partial_rotary_factor", "1.5", "config_field")]
    [InlineData("tie_word_embeddings", "\"yes\"", "config_field")]
    [InlineData("eos_token_id", "17", "config_field")]
    [InlineData("eos_token_id", "-1", "config_field")]
    [InlineData("eos_token_id", "[1,\"2\"]", "config_field")]
    [InlineData("bos_token_id", "1.5", "config_field")]
    [InlineData("vocab_size", "16", "config_field", "eos_token_id", "16")]
    [InlineData("vocab_size", "18", "tensor_shape")]
    [InlineData("num_hidden_layers", "1", "tensor_surplus")]
    [InlineData("num_hidden_layers", "3", "tensor_missing")]
    [InlineData("attention_bias", "true", "tensor_missing")]
    [InlineData("tie_word_embeddings", "true", "tied_head_differs")]
    public async Task A_configuration_that_cannot_be_served_is_refused(string field, string json, string code, string? secondField = null, string? secondJson = null)
    {
        _checkpoint.Write(ModelFolder);
        _checkpoint.Config[field] = JsonNode.Parse(json);
        if (secondField is not null)
        {
            _checkpoint.Config[secondField] = JsonNode.Parse(secondJson!);
        }

        _checkpoint.WriteConfig(ModelFolder);
        await AssertRefusedAsync(code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"architectures\":")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":1}}")]
    [InlineData("{\"\\ud800\":1}")]
    public async Task A_configuration_that_is_not_strict_JSON_is_refused(string text)
    {
        _checkpoint.Write(ModelFolder);
        File.WriteAllText(Path.Combine(ModelFolder, "config.json"), text);
        await AssertRefusedAsync("json_invalid");
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_nested_ones_and_endless_ones_are_refused()
    {
        _checkpoint.Write(ModelFolder);
        var path = Path.Combine(ModelFolder, "config.json");
        File.WriteAllBytes(path, [(byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        await AssertRefusedAsync("json_invalid");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("{\"a\":", 100_000)));
        await AssertRefusedAsync("json_invalid");
        File.WriteAllText(path, new string(' ', (1 << 20) + 1));
        await AssertRefusedAsync("json_too_large");
    }

    [Fact]
    public async Task A_folder_that_is_not_there_or_lacks_a_part_is_refused()
    {
        await AssertRefusedAsync("model_folder_missing");
        Directory.CreateDirectory(ModelFolder);
        await AssertRefusedAsync("config_missing");
        _checkpoint.WriteConfig(ModelFolder);
        await AssertRefusedAsync("weights_missing");
        File.WriteAllText(Path.Combine(ModelFolder, "pytorch_model.bin"), "x");
        Assert.Contains("convert", (await AssertRefusedAsync("weights_missing")).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(ModelFolder, "model.safetensors"), "short");
        await AssertRefusedAsync("safetensors_too_short");
    }

    [Theory]
    [InlineData("[]", "config_field")]
    [InlineData("{\"lm_head.weight\":1}", "config_field")]
    [InlineData("{\"lm_head.weight\":\"../model-00001-of-00002.safetensors\"}", "index_file_name")]
    [InlineData("{\"lm_head.weight\":\"/etc/passwd\"}", "index_file_name")]
    [InlineData("{\"lm_head.weight\":\"config.json\"}", "index_file_name")]
    [InlineData("{\"lm_head.weight\":\"other.safetensors\"}", "shard_missing")]
    [InlineData("{\"nothing.weight\":\"model-00001-of-00002.safetensors\"}", "index_mismatch")]
    [InlineData("{\"lm_head.weight\":\"model-00001-of-00002.safetensors\"}", "index_mismatch")]
    [InlineData("{}", "tensor_missing")]
    public async Task An_index_that_does_not_fit_its_shards_is_refused(string map, string code)
    {
        _checkpoint.Write(ModelFolder, shards: 2);
        TinyCheckpoint.WriteIndex(ModelFolder, JsonNode.Parse(map)!);
        await AssertRefusedAsync(code);
    }

    [Fact]
    public async Task Tensors_of_another_shape_type_or_name_are_refused()
    {
        _checkpoint.Add("model.layers.1.mlp.up_proj.weight", 12, 20);
        _checkpoint.Write(ModelFolder);
        Assert.Contains("[20, 12]", (await AssertRefusedAsync("tensor_shape")).Message, StringComparison.Ordinal);
        _checkpoint.Add("model.layers.1.mlp.up_proj.weight", 20, 12);
        _checkpoint.Add("model.layers.1.mlp.extra.weight", 1);
        _checkpoint.Write(ModelFolder);
        await AssertRefusedAsync("tensor_surplus");
        new TinyCheckpoint { DType = SafetensorsType.I64 }.Fill().Write(ModelFolder);
        await AssertRefusedAsync("tensor_dtype");
    }

    private async Task<ModelImportException> AssertRefusedAsync(string code)
    {
        var error = await Assert.ThrowsAsync<ModelImportException>(
            () => new ModelImporter().ImportAsync(ModelFolder, _folder.In("cache"), cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(code, error.Code);
        Assert.False(Directory.Exists(_folder.In("cache")));
        return error;
    }
}
