namespace Gatehouse.EventHandler.Outputs;

/// <summary>Keeps an append and the first and last step of a replay apart, also across processes. Held for milliseconds.</summary>
internal static class DeadLetterLock
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <exception cref="IOException">Not to be had within 10 s, or the directory cannot be written.</exception>
    public static async ValueTask<IDisposable> TakeAsync(string directory, TimeProvider time, CancellationToken cancellation)
    {
        var path = Path.Combine(directory, "dead-letters.lock");
        for (var waited = TimeSpan.Zero; ; waited += Between)
        {
            try
            {
                // FileShare.None is an advisory lock that ends with the process, however it ends.
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException) && File.Exists(path) && waited < Longest)
            {
                await Task.Delay(Between, time, cancellation);
            }
        }
    }
}
