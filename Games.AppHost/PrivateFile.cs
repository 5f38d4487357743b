namespace Games.AppHost;

/// <summary>A file of the run that only its owner may read.</summary>
internal static class PrivateFile
{
    /// <summary>Replaces the file as a whole: whoever reads it meanwhile finds the old text or the new one.</summary>
    public static async Task WriteAsync(string path, string text, CancellationToken ct)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var file = new StreamWriter(unfinished, options))
            await file.WriteAsync(text.AsMemory(), ct);
        File.Move(unfinished, path, overwrite: true);
    }
}
