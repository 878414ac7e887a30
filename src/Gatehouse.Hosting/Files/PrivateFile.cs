namespace Gatehouse.Hosting.Files;

/// <summary>Files for their owner alone. What root makes belongs to the owner of the directory it is made in (<see cref="Ownership"/>).</summary>
public static class PrivateFile
{
    /// <summary>Opens a file without a buffer of the framework's; a new one gets mode 0600.</summary>
    /// <param name="give">False leaves a new file to whoever made it, whatever the owner of the directory.</param>
    /// <exception cref="IOException">As <see cref="FileStream"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="FileStream"/>.</exception>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share, bool give = true)
    {
        // Only a file that is certainly new is given away: an old one may be a link somebody put there.
        if (mode is FileMode.OpenOrCreate or FileMode.Create)
        {
            try
            {
                return Open(path, FileMode.CreateNew, access, share, give);
            }
            catch (IOException) when (File.Exists(path))
            {
                return OpenAsIs(path, mode, access, share);
            }
        }
        var file = OpenAsIs(path, mode, access, share);
        if (give && mode == FileMode.CreateNew)
            Ownership.GiveFile(file.SafeFileHandle, path);
        return file;
    }

    private static FileStream OpenAsIs(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}
