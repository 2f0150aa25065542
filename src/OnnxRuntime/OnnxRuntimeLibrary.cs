using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime;

/// <summary>
/// <b>Semantics</b>: finds and loads ONNX Runtime's native library. The first of these that is given or exists wins: an explicit path; the environment variable
/// <c>ADAPTERSERVE_ONNXRUNTIME</c>; the application's folder and its <c>runtimes/linux-ARCH/native</c>; <c>artifacts/onnxruntime/VERSION/</c> in the
/// application's folder or any above it. <b>Effects</b>: a loaded library stays loaded until the process ends.
/// <b>Errors</b>: <see cref="DllNotFoundException"/> with what to do, when none is found, a given path does not exist, or the library can't be loaded or is too old.
/// </summary>
public static class OnnxRuntimeLibrary
{
    public const string PathVariable = "ADAPTERSERVE_ONNXRUNTIME";

    /// <summary>The version that <c>build/onnxruntime.sh</c> fetches.</summary>
    public const string FetchedVersion = "1.30.0";

    private static readonly string[] FileNames = ["libonnxruntime.so.1", "libonnxruntime.so"];

    public static string Find(string? explicitPath = null) =>
        Find(explicitPath, Environment.GetEnvironmentVariable(PathVariable), AppContext.BaseDirectory);

    internal static string Find(string? explicitPath, string? fromEnvironment, string baseDirectory)
    {
        if (!string.IsNullOrEmpty(explicitPath))
        {
            return Existing(explicitPath, "The configured path of the ONNX Runtime library");
        }

        if (!string.IsNullOrEmpty(fromEnvironment))
        {
            return Existing(fromEnvironment, $"The environment variable {PathVariable}");
        }

        return Candidates(baseDirectory).FirstOrDefault(File.Exists) ?? throw new DllNotFoundException(
            $"ONNX Runtime's native library was not found near {baseDirectory}. Run build/onnxruntime.sh, or set {PathVariable} to the path of libonnxruntime.so.");
    }

    internal static unsafe OrtApi Load(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"{path} can't be loaded as a native library: {e.Message}", e);
        }

        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var getBase))
        {
            throw new DllNotFoundException($"{path} is not ONNX Runtime: it does not export OrtGetApiBase.");
        }

        var apiBase = ((delegate* unmanaged[Cdecl]<void**>)getBase)();
        var api = new OrtApi(((delegate* unmanaged[Cdecl]<uint, void**>)apiBase[0])(OrtApi.Version));
        return api.IsNull
            ? throw new DllNotFoundException($"{path} is ONNX Runtime {VersionOf(apiBase)}; version 1.{OrtApi.Version} or newer is needed.")
            : api;
    }

    private static unsafe string? VersionOf(void** apiBase) =>
        Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<byte*>)apiBase[1])());

    private static string Existing(string path, string origin) => File.Exists(path)
        ? Path.GetFullPath(path)
        : throw new DllNotFoundException($"{origin} names {path}, which does not exist.");

    private static IEnumerable<string> Candidates(string baseDirectory)
    {
        // The packages' portable name: RuntimeIdentifier may name a distribution instead.
        var platform = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        foreach (var name in FileNames)
        {
            yield return Path.Combine(baseDirectory, name);
            yield return Path.Combine(baseDirectory, "runtimes", platform, "native", name);
        }

        for (var folder = new DirectoryInfo(baseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (var name in FileNames)
            {
                yield return Path.Combine(folder.FullName, "artifacts", "onnxruntime", FetchedVersion, name);
            }
        }
    }
}
