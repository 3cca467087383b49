/* send_many(fds, data): one frame to many sockets, in one loop without the GIL.
 *
 * fds is a buffer of C ints, data a bytes-like object. Returns a list of (index, sent) for every socket that did not
 * take all of it; sent is -1 after an error. The caller hands those to their asyncio transports, which know what to do.
 * Only the limited API is used, so one build serves every CPython from 3.11 on.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

typedef struct { Py_ssize_t index, sent; } rest_t;

static PyObject *send_many(PyObject *self, PyObject *args)
{
    Py_buffer fds, data;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*", &fds, &data))
        return NULL;
    Py_ssize_t count = fds.len / (Py_ssize_t)sizeof(int), failed = 0;
    rest_t *rest = malloc((size_t)(count ? count : 1) * sizeof *rest);
    if (rest == NULL) {
        PyBuffer_Release(&fds);
        PyBuffer_Release(&data);
        return PyErr_NoMemory();
    }
    const int *fd = fds.buf;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < count; i++) {
        ssize_t sent;
        do
            sent = send(fd[i], data.buf, (size_t)data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent != data.len) {
            rest[failed].index = i;
            rest[failed].sent = sent < 0 ? ((errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1) : sent;
            failed++;
        }
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&fds);
    PyBuffer_Release(&data);
    PyObject *result = PyList_New(failed);
    for (Py_ssize_t i = 0; result != NULL && i < failed; i++) {
        PyObject *pair = Py_BuildValue("(nn)", rest[i].index, rest[i].sent);
        if (pair == NULL || PyList_SetItem(result, i, pair) < 0)
            Py_CLEAR(result);
    }
    free(rest);
    return result;
}

static PyMethodDef methods[] = {
    {"send_many", send_many, METH_VARARGS, "send_many(fds, data) -> [(index, sent)] of those that did not take all of it"},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_sendmany", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__sendmany(void) { return PyModule_Create(&module); }
