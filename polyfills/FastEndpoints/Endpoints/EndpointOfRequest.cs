namespace FastEndpoints;

/// <summary>An endpoint that takes a request and sends whatever it likes.</summary>
public abstract class Endpoint<TRequest> : Endpoint<TRequest, object?> where TRequest : notnull;
