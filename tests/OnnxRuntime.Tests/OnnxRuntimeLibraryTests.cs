using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.OnnxRuntime.Tests;

public sealed class OnnxRuntimeLibraryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ort-library-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_library_that_is_nowhere_is_an_error_that_says_what_to_do()
    {
        var error = Assert.Throws<DllNotFoundException>(() => OnnxRuntimeLibrary.Find(null, null, _folder));
        Assert.Contains("build/onnxruntime.sh", error.Message, StringComparison.Ordinal);
        Assert.Contains(OnnxRuntimeLibrary.PathVariable, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_given_path_wins_over_the_environment_and_the_environment_over_the_folders()
    {
        var given = Touch("given.so");
        var environment = Touch("environment.so");
        var beside = Touch("libonnxruntime.so.1");
        Assert.Equal(given, OnnxRuntimeLibrary.Find(given, environment, _folder));
        Assert.Equal(environment, OnnxRuntimeLibrary.Find(null, environment, _folder));
        Assert.Equal(beside, OnnxRuntimeLibrary.Find(null, "", _folder));
    }

    [Fact]
    public void A_fetched_library_is_found_from_a_folder_below()
    {
        var fetched = Touch(Path.Combine("artifacts", "onnxruntime", OnnxRuntimeLibrary.FetchedVersion, "libonnxruntime.so.1"));
        var below = Path.Combine(_folder, "artifacts", "bin", "Server");
        Directory.CreateDirectory(below);
        Assert.Equal(fetched, OnnxRuntimeLibrary.Find(null, null, below));
    }

    [Fact]
    public void A_named_path_that_does_not_exist_is_an_error_that_says_who_named_it()
    {
        Assert.Contains("configured", Assert.Throws<DllNotFoundException>(() => OnnxRuntimeLibrary.Find("/nowhere.so", null, _folder)).Message, StringComparison.Ordinal);
        Assert.Contains(OnnxRuntimeLibrary.PathVariable, Assert.Throws<DllNotFoundException>(() => OnnxRuntimeLibrary.Find(null, "/nowhere.so", _folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_library_is_an_error_that_names_it()
    {
        var path = Touch("text.so");
        var error = Assert.Throws<DllNotFoundException>(() => new OrtEnvironment(new OrtEnvironmentOptions { LibraryPath = path }));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_not_onnx_runtime_is_an_error_that_names_it()
    {
        var path = Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "libSystem.Native.so");
        var error = Assert.Throws<DllNotFoundException>(() => new OrtEnvironment(new OrtEnvironmentOptions { LibraryPath = path }));
        Assert.Contains("is not ONNX Runtime", error.Message, StringComparison.Ordinal);
    }

    private string Touch(string name)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "not a library");
        return path;
    }
}
