using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>Files in, checked and lowered weights out: the one way in which an adapter becomes usable, at upload as at every later load.</summary>
internal static class AdapterLoader
{
    public static LoweredAdapter Load(AdapterFiles files, string digest, BaseModel baseModel) => throw StoreErrors.Unservable("unknown_format", "No reader yet.");
}
