using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

/// <summary>One row for each way in which an adapter of a method that is computed at load can be wrong.</summary>
public sealed class WrongMethodTests
{
    private const string Q0 = SmallMethod.Q0;

    private static readonly Dictionary<string, (string Code, Func<SmallLora> Make)> Cases = new(StringComparer.Ordinal)
    {
        ["a module without one of its tensors"] = ("missing_tensors", () => Vera(adapter => adapter.Remove(Q0 + ".vera_lambda_d"))),
        ["no shared tensor"] = ("missing_tensors", () => Vera(adapter => adapter.Tensors.Remove("base_model.vera_A"))),
        ["another shape"] = ("shape_mismatch", () => Vera(adapter => adapter.Add(Q0 + ".vera_lambda_d", [3]))),
        ["another number of dimensions"] = ("shape_mismatch", () => Vera(adapter => adapter.Add(Q0 + ".vera_lambda_d", [2, 1]))),
        ["shared tensors that are too small"] = ("shape_mismatch", () => Vera(adapter => adapter.Tensors["base_model.vera_A"] = ([2, 7], new float[14]))),
        ["an empty shared tensor"] = ("shape_mismatch", () => Vera(adapter => adapter.Tensors["base_model.vera_B"] = ([0, 2], []))),
        ["NaN"] = ("not_finite", () => Vera(adapter => adapter.Values("vera_lambda_b")[3] = float.NaN)),
        ["infinity in a shared tensor"] = ("not_finite", () => Vera(adapter => adapter.SharedValues("vera_B")[1] = float.PositiveInfinity)),
        ["a product beyond f32"] = ("not_finite", () => Vera(adapter => (adapter.Values("vera_lambda_b")[0], adapter.SharedValues("vera_B")[0]) = (3e38f, 3e38f))),
        ["integers instead of floats"] = ("dtype", () => Vera(adapter => adapter.DeclaredType = SafetensorsType.I32)),
        ["an unknown tensor"] = ("unknown_tensor", () => Vera(adapter => adapter.Add(Q0 + ".vera_lambda_c", [2]))),
        ["a tensor of another method"] = ("unknown_tensor", () => Vera(adapter => adapter.Add(Q0 + ".lora_A.weight", [2, 8]))),
        ["a name without a module"] = ("unknown_tensor", () => Vera(adapter => adapter.Tensors["base_model.model.vera_lambda_b"] = ([8], new float[8]))),
        ["a module that the base lacks"] = ("unknown_module", () => Vera(adapter => adapter.Add("model.layers.9.self_attn.q_proj.vera_lambda_b", [8]))),
        ["a norm"] = ("module_kind", () => Vera(adapter => adapter.Add("model.norm.vera_lambda_b", [8]))),
        ["a targeted module without tensors"] = ("missing_modules", () => Vera(adapter => adapter.Config["target_modules"] = new JsonArray("q_proj", "v_proj"))),
        ["a module that is not targeted"] = ("surplus_modules", () => Vera(adapter => adapter.Config["target_modules"] = new JsonArray("v_proj"), keepOnlyV: true)),
        ["no module"] = ("no_modules", () => Vera(adapter => adapter.Tensors.Keys.Where(name => name.Contains("layers", StringComparison.Ordinal)).ToList().ForEach(name => adapter.Tensors.Remove(name)))),
        ["an unknown option"] = ("unknown_option", () => Vera(adapter => adapter.Config["use_novelty"] = true)),
        ["trained biases"] = ("bias", () => Vera(adapter => adapter.Config["bias"] = "all")),
        ["modules to save"] = ("modules_to_save", () => Vera(adapter => adapter.Config["modules_to_save"] = new JsonArray("lm_head"))),
        ["a rank of zero"] = ("rank", () => Vera(adapter => adapter.Config["r"] = 0)),
        ["sampling"] = ("sampling", () => SmallMethod.Make("PVERA", new() { ["r"] = 1, ["sample_at_inference"] = true }, [("pvera_lambda_b", [8]), ("pvera_lambda_d", [2])])),
        ["another wavelet"] = ("wavelet", () => SmallMethod.Make("WAVEFT", new() { ["scaling"] = 1, ["wavelet_family"] = "bior2.2" }, [("waveft_spectrum", [3])])),
        ["more coefficients than the weight has"] = ("shape_mismatch", () => SmallMethod.Make("FOURIERFT", new() { ["scaling"] = 1 }, [("fourierft_spectrum", [65])])),
        ["blocks that do not divide the base"] = ("option_range", () => SmallMethod.Make("C3A", new() { ["block_size"] = 3 }, [("c3a_kernel", [2, 2, 3])])),
        ["as many blocks as there are no ranks"] = ("option_range", () => SmallMethod.Make("GRALORA", new() { ["r"] = 3, ["alpha"] = 1, ["gralora_k"] = 2 }, [("gralora_A", [2, 4, 3])])),
        ["Kronecker factors of another size"] = ("shape_mismatch", () => SmallMethod.Make("LOKR", new() { ["r"] = 1, ["alpha"] = 1 }, [("lokr_w1", [2, 2]), ("lokr_w2", [3, 4])])),
        ["a kind that needs base weights that are not at hand"] = ("base_weights", () => SmallMethod.Make("HIRA", new() { ["r"] = 1 }, [("hira_A", [1, 8]), ("hira_B", [8, 1])])),
        ["another decomposition"] = ("decomposition", () => SmallMethod.Make("DEFT", new() { ["r"] = 1, ["decomposition_method"] = "qr" }, [("deft_P", [8, 1])])),
        ["copies that differ"] = ("copies_differ", () => SmallMethod.Make("RANDLORA", new() { ["r"] = 4, ["randlora_alpha"] = 1 }, [
            ("randlora_A", [4, 1, 8]), ("randlora_lambda", [4, 2]), ("randlora_gamma", [2, 8])], ("randlora_A", [4, 1, 8]), ("randlora_B", [8, 2, 4]))),
        ["sparse indices that were not saved"] = ("missing_tensors", () => SmallMethod.Make("SUPERTUNING", new() { ["sparsity"] = 0.9 }, [("supertuning_values", [3])])),
        ["a sparse index outside of the matrix"] = ("index_range", () => Supertuning(64)),
        ["a negative sparse index"] = ("index_range", () => Supertuning(-1)),
        ["more sparse values than the matrix has"] = ("option_range", () => SmallMethod.Make(
            "SUPERTUNING", new() { ["sparsity"] = 0.1 }, [("supertuning_values", [65]), ("supertuning_indices", [65])]).WithIntegers("supertuning_indices")),
        ["an unknown activation"] = ("activation", () => SmallMethod.Make("PEANUT", new() { ["r"] = 1, ["act_fn"] = "quick_gelu" }, [("peanut_A.weight", [1, 8])])),
        ["a network that is too deep"] = ("option_range", () => SmallMethod.Make("PEANUT", new() { ["r"] = 1, ["depth"] = 17 }, [("peanut_A.weight", [1, 8])])),
        ["a GLoRA path of no kind"] = ("option_range", () => SmallMethod.Make("GLORA", new() { ["r"] = 1, ["config_A_B"] = "lora2" }, [("glora_A.Xd", [8, 1])])),
        ["a projection that was not saved"] = ("missing_tensors", () => SmallMethod.Make("FROD", new() { ["sparse_rate"] = 0.1 }, [("frod_lambda_l", [8])])),
        ["no directions to keep"] = ("option_range", () => SmallMethod.Make("OSF", new() { ["effective_rank"] = 0 }, [("osf_svd_params.S_low", [8])])),
        ["heads that do not divide the base"] = ("option_range", () => SmallMethod.Make(
            "POLY", new() { ["r"] = 1, ["n_tasks"] = 1, ["n_skills"] = 1, ["n_splits"] = 3 }, [("poly_lora_A", [3, 1, 2, 1])])),
        ["X-LoRA"] = ("xlora", () => SmallMethod.Make("XLORA", [], [])),
        ["PSOFT"] = ("psoft", () => SmallMethod.Make("PSOFT", [], [])),
        ["AdaMSS"] = ("adamss", () => SmallMethod.Make("ADAMSS", [], [])),
        ["Shadow"] = ("shadow", () => SmallMethod.Make("SHADOW", [], [])),
        ["indices that were not saved"] = ("missing_tensors", () => SmallMethod.Make("UNILORA", new() { ["r"] = 1, ["theta_d_length"] = 4 }, [("unilora_scales_A", [1, 8])])),
        ["more vectors than there are"] = ("option_range", () => SmallMethod.Make(
            "VBLORA", new() { ["r"] = 1, ["num_vectors"] = 2, ["vector_length"] = 4, ["topk"] = 3 }, [("vblora_logits_A", [1, 2, 2])], ("vblora_vector_bank", [2, 4]))),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_wrong_adapter_is_refused_with_its_own_code_and_leaves_nothing(string name)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var refused = await storage.RefusedAsync(Cases[name].Make().Files());
        Assert.Equal((AdapterErrorKind.Unservable, Cases[name].Code), (refused.Kind, refused.Code));
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Empty(storage.Catalog.List("acme"));
    }

    private static SmallLora Supertuning(int index)
    {
        var adapter = SmallMethod.Make("SUPERTUNING", new() { ["sparsity"] = 0.9 }, [("supertuning_values", [3]), ("supertuning_indices", [3])]).WithIntegers("supertuning_indices");
        adapter.Values("supertuning_indices").AsSpan().Fill(index);
        return adapter;
    }

    private static SmallLora Vera(Action<SmallLora> spoil, bool keepOnlyV = false)
    {
        var adapter = SmallMethod.Make(
            "VERA", new() { ["r"] = 2, ["save_projection"] = true }, [("vera_lambda_b", [8]), ("vera_lambda_d", [2])], ("vera_A", [2, 12]), ("vera_B", [12, 2]));
        if (keepOnlyV)
        {
            foreach (var layer in new[] { 0, 1 })
            {
                adapter.Add($"model.layers.{layer}.self_attn.v_proj.vera_lambda_b", [4]);
                adapter.Add($"model.layers.{layer}.self_attn.v_proj.vera_lambda_d", [2]);
            }
        }

        spoil(adapter);
        return adapter;
    }
}
